/// Which bits of a long run are 1.
enum BitPositions {
    /// The places of the ones within a range, ascending and counted from the first of the range.
    ///
    /// - Parameters:
    ///   - bits: the first in the lowest bit of the first word.
    ///   - range: at most 2^32 bits, none after those of `bits`; not empty.
    static func positions(_ bits: consuming [UInt64], in range: Range<Int>) -> [UInt32] {
        // What lies outside is cleared.
        let words = range.lowerBound / 64..<(range.upperBound + 63) / 64
        bits[words.lowerBound] &= ~0 << UInt64(range.lowerBound % 64)
        let end = range.upperBound % 64
        if end != 0 { bits[words.upperBound - 1] &= 1 << UInt64(end) - 1 }
        var count = 0
        for word in bits[words] { count += word.nonzeroBitCount }
        return [UInt32](unsafeUninitializedCapacity: count) { positions, filled in
            bits.withUnsafeBufferPointer { bits in
                for index in words {
                    var rest = bits[index]
                    let first = 64 * index - range.lowerBound
                    while rest != 0 {
                        positions[filled] = UInt32(truncatingIfNeeded: first + rest.trailingZeroBitCount)
                        rest &= rest - 1
                        filled += 1
                    }
                }
            }
        }
    }
}
