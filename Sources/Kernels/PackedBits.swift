/// Codes of a fixed number of bits, without gaps: the first in the lowest bits of the first byte, the last byte filled with
/// zeros.
public enum PackedBits {
    /// The bytes that `count` codes of `bits` bits take.
    public static func byteCount(count: Int, bits: Int) -> Int { (count * bits + 7) / 8 }

    /// Packs the low `bits` bits (1 to 8) of each code.
    public static func pack(_ codes: [UInt8], bits: Int) -> [UInt8] {
        let byteCount = byteCount(count: codes.count, bits: bits)
        let mask = UInt64(1 << bits - 1)
        return [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, filled in
            codes.withUnsafeBufferPointer { codes in
                // Eight codes are a whole number of bytes.
                for start in stride(from: 0, to: codes.count, by: 8) {
                    var word: UInt64 = 0
                    for index in 0..<min(8, codes.count - start) {
                        word |= (UInt64(codes[start + index]) & mask) &<< UInt64(index &* bits)
                    }
                    let first = start / 8 * bits
                    for byte in 0..<min(bits, byteCount - first) {
                        bytes[first + byte] = UInt8(truncatingIfNeeded: word &>> UInt64(8 &* byte))
                    }
                }
            }
            filled = byteCount
        }
    }

    /// Unpacks `count` codes of `bits` bits (1 to 8); nil unless `bytes` is exactly as long as they take.
    public static func unpack(_ bytes: [UInt8], count: Int, bits: Int) -> [UInt8]? {
        guard bytes.count == byteCount(count: count, bits: bits) else { return nil }
        let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
        return [UInt8](unsafeUninitializedCapacity: count) { codes, filled in
            bytes.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: count, by: 8) {
                    let first = start / 8 * bits
                    var word: UInt64 = 0
                    if first + 8 <= bytes.count {
                        word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: first, as: UInt64.self))
                    } else {
                        for byte in 0..<min(bits, bytes.count - first) {
                            word |= UInt64(bytes[first + byte]) &<< UInt64(8 &* byte)
                        }
                    }
                    if start + 8 <= count {
                        for index in 0..<8 {
                            codes[start + index] = UInt8(truncatingIfNeeded: word) & mask
                            word &>>= UInt64(bits)
                        }
                    } else {
                        for index in 0..<count - start {
                            codes[start + index] = UInt8(truncatingIfNeeded: word) & mask
                            word &>>= UInt64(bits)
                        }
                    }
                }
            }
            filled = count
        }
    }
}

/// Writes fields of bits, the lowest bit of a byte first.
public struct BitPacker: Sendable {
    private var bytes: [UInt8] = []
    private var pending: UInt64 = 0
    private var count = 0

    public init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends the low `bits` bits of a value, at most 32, the lowest first.
    @inline(__always)
    public mutating func append(_ value: UInt64, bits: Int) {
        pending |= (value & (1 << UInt64(bits) &- 1)) << UInt64(count)
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            count -= 8
        }
    }

    /// The bytes, the last one filled with zeros.
    public consuming func finish() -> [UInt8] {
        if count > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
        return bytes
    }
}

/// Reads fields of bits, the lowest bit of a byte first; zeros follow the end.
public struct BitUnpacker: Sendable {
    private let bytes: [UInt8]
    private var position = 0
    private var pending: UInt64 = 0
    private var count = 0

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether more bits were taken than there are.
    public private(set) var isOverrun = false

    /// Takes a field of at most 32 bits.
    @inline(__always)
    public mutating func take(_ bits: Int) -> UInt64 {
        if count < bits { fill(bits) }
        let value = pending & (1 << UInt64(bits) &- 1)
        pending >>= UInt64(bits)
        count -= bits
        return value
    }

    /// Takes bits of 1 and the 0 after them; counts no more ones than `limit`, after which it may have taken any number.
    @inline(__always)
    public mutating func takeOnes(limit: Int) -> Int {
        var ones = 0
        while ones <= limit {
            if count == 0 { fill(1) }
            // Zeros are above the pending bits.
            let run = (~pending).trailingZeroBitCount
            if run < count {
                pending >>= UInt64(run + 1)
                count -= run + 1
                return ones + run
            }
            ones += count
            pending = 0
            count = 0
        }
        return ones
    }

    /// Makes at least `bits` bits pending.
    private mutating func fill(_ bits: Int) {
        if position + 8 <= bytes.count {
            let word = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: UInt64.self) }
            pending |= UInt64(littleEndian: word) << UInt64(count)
            let taken = (63 - count) / 8
            position += taken
            count += 8 * taken
            // What does not belong to whole bytes is read again.
            pending &= ~0 >> UInt64(64 - count)
            return
        }
        while count < bits {
            if position < bytes.count {
                pending |= UInt64(bytes[position]) << UInt64(count)
            } else {
                isOverrun = true
            }
            position += 1
            count += 8
        }
    }

    /// The whole bytes that nothing was taken of.
    public var untouchedBytes: Int { max(0, bytes.count - position + count / 8) }
}
