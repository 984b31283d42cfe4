internal import CKernels

/// The floating-point formats that lossy codecs work on, and how their words become numbers and back.
public enum FloatFormat: Sendable, CaseIterable {
    case binary32
    case binary16
    case bfloat16

    /// The bytes of one word.
    public var width: Int { self == .binary32 ? 4 : 2 }

    /// The values of little-endian words; exact.
    ///
    /// - Parameter bytes: a whole number of words.
    public func values(of bytes: [UInt8]) -> [Float] {
        guard VectorInstructions.areUsed, self != .binary32 else { return portableValues(of: bytes) }
        let count = bytes.count / width
        return [Float](unsafeUninitializedCapacity: count) { values, filled in
            bytes.withUnsafeBufferPointer { bytes in
                if self == .binary16 {
                    deltaic_values_f16(bytes.baseAddress, count, values.baseAddress)
                } else {
                    deltaic_values_bf16(bytes.baseAddress, count, values.baseAddress)
                }
            }
            filled = count
        }
    }

    func portableValues(of bytes: [UInt8]) -> [Float] {
        let count = bytes.count / width
        return [Float](unsafeUninitializedCapacity: count) { values, filled in
            bytes.withUnsafeBytes { bytes in
                switch self {
                case .binary32:
                    for index in 0..<count {
                        let word = bytes.loadUnaligned(fromByteOffset: 4 &* index, as: UInt32.self)
                        values[index] = Float(bitPattern: UInt32(littleEndian: word))
                    }
                case .binary16:
                    for index in 0..<count {
                        let word = bytes.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
                        values[index] = Float(Float16(bitPattern: UInt16(littleEndian: word)))
                    }
                case .bfloat16:
                    for index in 0..<count {
                        let word = bytes.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
                        values[index] = Float(bitPattern: UInt32(UInt16(littleEndian: word)) &<< 16)
                    }
                }
            }
            filled = count
        }
    }

    /// The words of `base + delta`, the sum in binary32 and rounded once more to the format, ties to even.
    ///
    /// Where delta is zero the word of the base stays as it is, a negative zero too.
    /// - Parameters:
    ///   - base: at least as many words as `delta` has values; what follows them is ignored.
    public func sum(base: [UInt8], delta: [Float]) -> [UInt8] {
        precondition(base.count >= delta.count * width)
        guard VectorInstructions.areUsed else { return portableSum(base: base, delta: delta) }
        return [UInt8](unsafeUninitializedCapacity: delta.count * width) { target, filled in
            base.withUnsafeBufferPointer { base in
                delta.withUnsafeBufferPointer { delta in
                    let sum =
                        switch self {
                        case .binary32: deltaic_sum_f32
                        case .binary16: deltaic_sum_f16
                        case .bfloat16: deltaic_sum_bf16
                        }
                    sum(base.baseAddress, delta.baseAddress, delta.count, target.baseAddress)
                }
            }
            filled = delta.count * width
        }
    }

    func portableSum(base: [UInt8], delta: [Float]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: delta.count * width) { target, filled in
            let target = UnsafeMutableRawBufferPointer(target)
            base.withUnsafeBytes { base in
                delta.withUnsafeBufferPointer { delta in
                    switch self {
                    case .binary32:
                        for index in 0..<delta.count {
                            let word = base.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                            let sum = Float(bitPattern: UInt32(littleEndian: word)) + delta[index]
                            let result = delta[index] == 0 ? word : sum.bitPattern.littleEndian
                            target.storeBytes(of: result, toByteOffset: 4 * index, as: UInt32.self)
                        }
                    case .binary16:
                        for index in 0..<delta.count {
                            let word = base.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                            let sum = Float(Float16(bitPattern: UInt16(littleEndian: word))) + delta[index]
                            let result = delta[index] == 0 ? word : Float16(sum).bitPattern.littleEndian
                            target.storeBytes(of: result, toByteOffset: 2 * index, as: UInt16.self)
                        }
                    case .bfloat16:
                        for index in 0..<delta.count {
                            let word = base.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                            let value = Float(bitPattern: UInt32(UInt16(littleEndian: word)) << 16)
                            let sum = Self.bfloat16((value + delta[index]).bitPattern)
                            let result = delta[index] == 0 ? word : sum.littleEndian
                            target.storeBytes(of: result, toByteOffset: 2 * index, as: UInt16.self)
                        }
                    }
                }
            }
            filled = delta.count * width
        }
    }

    /// The little-endian words of values, each rounded once to the format, ties to even.
    public func words(of values: [Float]) -> [UInt8] {
        sum(base: [UInt8](repeating: 0, count: values.count * width), delta: values)
    }

    /// A binary32 word rounded to BF16, ties to even; a finite number may become infinite, a NaN stays one.
    @inline(__always)
    static func bfloat16(_ word: UInt32) -> UInt16 {
        let rounded = (word &+ 0x7fff &+ ((word >> 16) & 1)) >> 16
        let isNaN = word & 0x7fff_ffff > 0x7f80_0000
        return UInt16(truncatingIfNeeded: isNaN ? (word >> 16) | 0x40 : rounded)
    }

    /// `value` rounded to BF16 and back: what a scale is once it is stored.
    public static func roundedToBFloat16(_ value: Float) -> Float {
        Float(bitPattern: UInt32(bfloat16(value.bitPattern)) << 16)
    }
}
