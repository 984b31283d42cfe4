/// A bit per byte that says whether it is zero, and the bytes that are not.
///
/// Huffman's shortest code is one bit a symbol; where zeros are frequent, eight of these bits in a byte get below that.
public enum SignificanceBitmap {
    /// Packs the bits lowest first, the last byte filled with zeros.
    public static func split(_ bytes: [UInt8]) -> (bitmap: [UInt8], significant: [UInt8]) {
        let count = bytes.count
        var significant: [UInt8] = []
        let bitmap = filledBytes((count + 7) / 8) { bitmap in
            // One byte of room: every byte is written, and overwritten by the next if it is zero.
            significant = [UInt8](unsafeUninitializedCapacity: count + 1) { target, length in
                bytes.withUnsafeBytes { bytes in
                    guard let bytes = bytes.baseAddress, let target = target.baseAddress else { return }
                    for position in 0..<count / 8 {
                        let eight = bytes.loadUnaligned(fromByteOffset: 8 &* position, as: UInt64.self).littleEndian
                        bitmap.store(Self.significance(eight), at: position)
                        if eight == 0 { continue }
                        for part in 0..<8 {
                            let byte = UInt8(truncatingIfNeeded: eight &>> UInt64(8 &* part))
                            target[length] = byte
                            length &+= byte == 0 ? 0 : 1
                        }
                    }
                    guard count & 7 != 0 else { return }
                    var bits: UInt8 = 0
                    for index in count & ~7..<count {
                        let byte = bytes.word(index, as: UInt8.self)
                        guard byte != 0 else { continue }
                        bits |= 1 &<< UInt8(index & 7)
                        target[length] = byte
                        length &+= 1
                    }
                    bitmap.store(bits, at: count / 8)
                }
            }
        }
        return (bitmap, significant)
    }

    /// A bit for each of eight bytes, the lowest first: whether it is not zero.
    @inline(__always)
    private static func significance(_ eight: UInt64) -> UInt8 {
        let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
        // The top bit of each byte says whether any of its bits is set; a product gathers the eight of them.
        let tops = ((((eight & low) &+ low) | eight) & ~low) &>> 7
        return UInt8(truncatingIfNeeded: (tops &* 0x0102_0408_1020_4080) &>> 56)
    }

    /// The bytes of a bitmap; nil if the lengths do not fit `count` bytes or a bit past the end is set.
    public static func join(bitmap: [UInt8], significant: [UInt8], count: Int) -> [UInt8]? {
        guard bitmap.count == (count + 7) / 8 else { return nil }
        guard bitmap.reduce(0, { $0 &+ $1.nonzeroBitCount }) == significant.count else { return nil }
        if let last = bitmap.last, count & 7 != 0, last >> UInt8(count & 7) != 0 { return nil }
        return filledBytes(count) { target in
            bitmap.withUnsafeBufferPointer { bitmap in
                significant.withUnsafeBufferPointer { significant in
                    guard let bitmap = bitmap.baseAddress, let significant = significant.baseAddress else {
                        // Without a significant byte, all are zero.
                        target.initializeMemory(as: UInt8.self, repeating: 0, count: count)
                        return
                    }
                    var next = 0
                    for position in 0..<count / 8 {
                        target.storeBytes(of: 0, toByteOffset: 8 &* position, as: UInt64.self)
                        var rest = bitmap[position]
                        while rest != 0 {
                            target.store(significant[next], at: 8 &* position &+ rest.trailingZeroBitCount)
                            next &+= 1
                            rest &= rest &- 1
                        }
                    }
                    for index in count & ~7..<count {
                        let isSignificant = bitmap[index &>> 3] &>> UInt8(index & 7) & 1 == 1
                        target.store(isSignificant ? significant[next] : 0, at: index)
                        next &+= isSignificant ? 1 : 0
                    }
                }
            }
        }
    }
}
