/// A random choice of elements that costs nothing to store: each is kept with the same probability, whatever its value.
///
/// Element e draws a 16-bit number: lane e mod 8 of block floor(e / 8) of the generator, the low half of each word before the
/// high half. It is kept if the number is below the threshold.
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 6, "Masks".
public struct SeededMask: Sendable {
    /// The threshold that keeps everything.
    public static let all = 1 << 16

    private let generator: CounterGenerator
    private let threshold: Int

    /// - Parameter threshold: 0 to ``all``: the share of kept elements in 65,536ths.
    public init(key: UInt64, domain: UInt32, threshold: Int) {
        precondition((0...Self.all).contains(threshold))
        generator = CounterGenerator(key: key, domain: domain)
        self.threshold = threshold
    }

    /// The elements of `range` that are kept, ascending and counted from the first of the range.
    ///
    /// - Parameter range: at most 2^32 elements.
    public func positions(in range: Range<Int>) -> [UInt32] {
        guard threshold > 0, !range.isEmpty else { return [] }
        guard threshold < Self.all else { return Array(0..<UInt32(range.count)) }
        let firstBlock = range.lowerBound / 8
        let lead = range.lowerBound % 8
        let blockCount = (lead + range.count + 7) / 8
        // One bit an element; whole 64-bit words, the excess cleared.
        var bits = [UInt64](repeating: 0, count: (blockCount + 7) / 8)
        bits.withUnsafeMutableBytes { bytes in
            generator.keepMasks(
                UnsafeMutableBufferPointer(rebasing: bytes.bindMemory(to: UInt8.self)[..<blockCount]),
                fromBlock: UInt64(firstBlock), threshold: UInt16(threshold))
        }
        for index in bits.indices { bits[index] = UInt64(littleEndian: bits[index]) }
        return BitPositions.positions(bits, in: lead..<lead + range.count)
    }
}
