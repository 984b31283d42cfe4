public import DeltaicCore

/// Tensor bytes for tests: random, but like real weights where that matters.
public enum RandomTensor {
    /// Bytes of `count` elements: normal weights where the dtype is a wide float, any bits where it is not.
    public static func weights(_ type: ElementType, _ count: Int, using random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * type.width)
        for _ in 0..<count {
            let value = Float(random.normal() * 0.02)
            switch type {
            case .float32: append(value.bitPattern, to: &bytes)
            case .bfloat16: append(bfloat16(value), to: &bytes)
            case .float16: append(Float16(value).bitPattern, to: &bytes)
            case .float64: append(Double(value).bitPattern, to: &bytes)
            case .bool: bytes.append(UInt8(random.next() & 1))
            default: bytes += random.bytes(type.width)
            }
        }
        return bytes
    }

    /// The same tensor after a training step: every element of a wide float moved a little, a few bytes of others changed.
    public static func tuned(
        _ base: [UInt8], _ type: ElementType, by deviation: Double = 2e-4, using random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = base
        for start in stride(from: 0, to: base.count, by: type.width) {
            let move = Float(random.normal() * deviation)
            switch type {
            case .float32:
                let value = Float(bitPattern: UInt32(word(base, start, 4)))
                replace((value + move).bitPattern, in: &bytes, at: start)
            case .bfloat16:
                let value = Float(bitPattern: UInt32(word(base, start, 2)) << 16)
                replace(bfloat16(value + move), in: &bytes, at: start)
            case .float16:
                let value = Float(Float16(bitPattern: UInt16(word(base, start, 2))))
                replace(Float16(value + move).bitPattern, in: &bytes, at: start)
            default:
                if random.next() % 16 == 0 { bytes[start] &+= 1 }
            }
        }
        return bytes
    }

    /// Elements with unusual bits: NaNs with payloads, infinities, zeros of both signs, subnormals, all ones.
    public static func unusual(_ type: ElementType, _ count: Int, using random: inout SeededGenerator) -> [UInt8] {
        (0..<count).flatMap { _ -> [UInt8] in
            var element = [UInt8](repeating: 0, count: type.width)
            switch random.next() % 6 {
            case 0: break
            case 1: element[type.width - 1] = 0x80
            case 2: element = [UInt8](repeating: 0xff, count: type.width)
            case 3: element[0] = UInt8(truncatingIfNeeded: random.next())
            case 4:
                element[type.width - 1] = 0x7f
                if type.width > 1 { element[type.width - 2] = 0x80 | UInt8(random.next() & 0x7f) }
            default: element = random.bytes(type.width)
            }
            return element
        }
    }

    private static func append(_ word: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }

    private static func replace(_ word: some FixedWidthInteger, in bytes: inout [UInt8], at start: Int) {
        withUnsafeBytes(of: word.littleEndian) {
            for (position, byte) in $0.enumerated() { bytes[start + position] = byte }
        }
    }

    private static func word(_ bytes: [UInt8], _ start: Int, _ width: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }

    private static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
    }
}
