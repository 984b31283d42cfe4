internal import CKernels

extension FloatFormat {
    /// The values of `base`, what `words` have more, in binary32, and whether all of these are finite.
    ///
    /// - Parameters:
    ///   - words: a whole number of little-endian words.
    ///   - base: as many.
    public func differences(
        of words: [UInt8], from base: [UInt8]
    ) -> (base: [Float], differences: [Float], areFinite: Bool) {
        precondition(words.count == base.count)
        guard VectorInstructions.areUsed else { return portableDifferences(of: words, from: base) }
        let differences =
            switch self {
            case .binary32: deltaic_differences_f32
            case .binary16: deltaic_differences_f16
            case .bfloat16: deltaic_differences_bf16
            }
        let count = words.count / width
        var areFinite = true
        var found: [Float] = []
        let values = [Float](unsafeUninitializedCapacity: count) { values, filled in
            found = [Float](unsafeUninitializedCapacity: count) { found, filled in
                words.withUnsafeBufferPointer { words in
                    base.withUnsafeBufferPointer { base in
                        areFinite = differences(
                            words.baseAddress, base.baseAddress, count, values.baseAddress, found.baseAddress)
                    }
                }
                filled = count
            }
            filled = count
        }
        return (values, found, areFinite)
    }

    func portableDifferences(
        of words: [UInt8], from base: [UInt8]
    ) -> (base: [Float], differences: [Float], areFinite: Bool) {
        guard self == .bfloat16 else {
            let base = values(of: base)
            var values = values(of: words)
            // The sign is set of what is above the largest finite word.
            var excess: Int32 = 0
            values.withUnsafeMutableBufferPointer { values in
                base.withUnsafeBufferPointer { base in
                    for index in 0..<values.count {
                        let difference = values[index] - base[index]
                        values[index] = difference
                        excess |= Self.excess(difference)
                    }
                }
            }
            return (base, values, excess >= 0)
        }
        // Most models: both in one pass.
        let count = words.count / 2
        var excess: Int32 = 0
        var differences: [Float] = []
        let values = [Float](unsafeUninitializedCapacity: count) { values, filled in
            differences = [Float](unsafeUninitializedCapacity: count) { differences, filled in
                words.withUnsafeBytes { words in
                    base.withUnsafeBytes { base in
                        var all: Int32 = 0
                        for index in 0..<count {
                            let word = words.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
                            let other = base.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
                            let value = Float(bitPattern: UInt32(UInt16(littleEndian: other)) &<< 16)
                            let difference = Float(bitPattern: UInt32(UInt16(littleEndian: word)) &<< 16) - value
                            values[index] = value
                            differences[index] = difference
                            all |= Self.excess(difference)
                        }
                        excess = all
                    }
                }
                filled = count
            }
            filled = count
        }
        return (values, differences, excess >= 0)
    }

    /// Negative for infinity and NaN.
    @inline(__always)
    private static func excess(_ value: Float) -> Int32 {
        0x7f7f_ffff &- Int32(truncatingIfNeeded: value.bitPattern & 0x7fff_ffff)
    }
}
