/// A bit per byte that says whether it is zero, and the bytes that are not.
///
/// Huffman's shortest code is one bit a symbol; where zeros are frequent, eight of these bits in a byte get below that.
public enum SignificanceBitmap {
    /// Packs the bits lowest first, the last byte filled with zeros.
    public static func split(_ bytes: [UInt8]) -> (bitmap: [UInt8], significant: [UInt8]) {
        var bitmap = [UInt8](repeating: 0, count: (bytes.count + 7) / 8)
        let significant = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
            for index in 0..<bytes.count {
                let byte = bytes[index]
                guard byte != 0 else { continue }
                bitmap[index >> 3] |= 1 << UInt8(index & 7)
                target[count] = byte
                count += 1
            }
        }
        return (bitmap, significant)
    }

    /// The bytes of a bitmap; nil if the lengths do not fit `count` bytes or a bit past the end is set.
    public static func join(bitmap: [UInt8], significant: [UInt8], count: Int) -> [UInt8]? {
        guard bitmap.count == (count + 7) / 8 else { return nil }
        guard bitmap.reduce(0, { $0 + $1.nonzeroBitCount }) == significant.count else { return nil }
        if let last = bitmap.last, count & 7 != 0, last >> UInt8(count & 7) != 0 { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var next = 0
        for (position, bits) in bitmap.enumerated() where bits != 0 {
            var rest = bits
            while rest != 0 {
                bytes[position << 3 + rest.trailingZeroBitCount] = significant[next]
                next += 1
                rest &= rest &- 1
            }
        }
        return bytes
    }
}
