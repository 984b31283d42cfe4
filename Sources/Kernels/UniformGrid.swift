internal import CKernels

/// Levels at equal distances from a lowest to a highest value, and the nearest of them to a number.
///
/// All steps are binary32 operations, each rounded on its own: level c of L + 1 is c / L * (highest - lowest) + lowest.
public struct UniformGrid: Sendable, Equatable {
    public let lowest: Float
    public let highest: Float
    /// The bits of a code, 1 to 8.
    public let bits: Int

    public init(lowest: Float, highest: Float, bits: Int) {
        precondition((1...8).contains(bits))
        self.lowest = lowest
        self.highest = highest
        self.bits = bits
    }

    public var levelCount: Int { 1 << bits }

    /// The values of the codes from 0 on.
    public var levels: [Float] {
        let last = Float(levelCount - 1)
        return (0..<levelCount).map { Float($0) / last * (highest - lowest) + lowest }
    }

    /// The codes of values: (value - lowest) / (highest - lowest) * L, rounded with ties to even, values beyond the ends taken to them.
    ///
    /// - Parameter values: finite; `highest - lowest` is positive and finite.
    public func codes(of values: [Float]) -> [UInt8] {
        guard VectorInstructions.areUsed else { return portableCodes(of: values) }
        return [UInt8](unsafeUninitializedCapacity: values.count) { codes, filled in
            values.withUnsafeBufferPointer { values in
                deltaic_grid_codes(
                    values.baseAddress, values.count, lowest, highest - lowest, Float(levelCount - 1),
                    codes.baseAddress)
            }
            filled = values.count
        }
    }

    func portableCodes(of values: [Float]) -> [UInt8] {
        let range = highest - lowest
        let last = Float(levelCount - 1)
        return [UInt8](unsafeUninitializedCapacity: values.count) { codes, filled in
            values.withUnsafeBufferPointer { values in
                for index in 0..<values.count {
                    let place = (values[index] - lowest) / range * last
                    let clamped = place > 0 ? (place < last ? place : last) : 0
                    // From 2^23 on, numbers of binary32 are whole: the addition rounds, ties to even.
                    codes[index] = UInt8(truncatingIfNeeded: (clamped + 0x1p23).bitPattern)
                }
            }
            filled = values.count
        }
    }
}
