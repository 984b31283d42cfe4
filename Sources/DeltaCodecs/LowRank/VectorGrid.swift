internal import DeltaicCore
internal import Kernels

/// Rounds vectors to evenly spaced values, with a scale for each group of a vector that makes the squared error least.
///
/// Minimum and maximum, which `AffineQuantizer` takes, waste half of what two bits can say of a vector whose values lie about
/// normally: of its values 25 % of the squares are lost, and 12 % here (Max, "Quantizing for minimum distortion", 1960).
struct VectorGrid: Sendable {
    let grid: FactorGrid
    let bits: Int
    /// 0 for whole vectors.
    let group: Int

    private var middle: Float { Float(grid == .zeroed ? 1 << bits : 1 << bits - 1) }
    private var limit: Float { Float(1 << bits - 1) }

    @inline(__always)
    func code(_ value: Float, step: Float) -> UInt8 {
        guard step > 0 else { return UInt8(1 << (bits - 1)) }
        return UInt8(max(0, min(limit, ((value / step + middle) * 0.5).rounded(.toNearestOrEven))))
    }

    @inline(__always)
    func value(_ code: UInt8, step: Float) -> Float { (2 * Float(code) - middle) * step }

    /// The steps of all groups of all vectors, as they are stored.
    struct Steps {
        let exponent: Int
        /// FP16 words by vector and group.
        let scales: [UInt16]
        let groupsPerVector: Int

        /// By vector and group.
        var values: [Float] { scales.map { Float(Float16(bitPattern: $0)) * QuantizationGrid.power(exponent) } }
    }

    /// Chooses the steps of the rows of a matrix.
    ///
    /// - Throws: `.notFinite`, `.unsupported` for values that are too large to be stored.
    func steps(ofRows matrix: Matrix) throws(DeltaicError) -> Steps {
        try matrix.requireFinite("the factors")
        let layout = FactorLayout(grid: grid, bits: bits, width: 1, group: group, leftExponent: 0, rightExponent: 0)
        let groups = layout.groups(matrix.columns)
        var fitted: [Float] = []
        fitted.reserveCapacity(matrix.rows * groups)
        matrix.values.withUnsafeBufferPointer { values in
            for row in 0..<matrix.rows {
                for index in 0..<groups {
                    let start = row * matrix.columns + (group == 0 ? 0 : index * group)
                    let end = min((row + 1) * matrix.columns, group == 0 ? .max : start + group)
                    fitted.append(fit(UnsafeBufferPointer(rebasing: values[start..<end])).step)
                }
            }
        }
        let largest = fitted.max() ?? 0
        let exponent = largest > 0 ? Int(largest.exponent) - 4 : 0
        guard FactorLayout.exponents.contains(exponent) || exponent < 0 else {
            throw DeltaicError(
                .unsupported, "the factors of a delta are too large to be stored", found: "2^\(exponent)",
                advice: "store this tensor exactly")
        }
        let stored = max(FactorLayout.exponents.lowerBound, exponent)
        let scales = fitted.map { Float16($0 / QuantizationGrid.power(stored)).bitPattern }
        return Steps(exponent: stored, scales: scales, groupsPerVector: groups)
    }

    /// The mean over the rows of the share of a row's squares that rounding loses, as a sample of the rows tells.
    func relativeLoss(ofRows matrix: Matrix) throws(DeltaicError) -> Double {
        var sum = 0.0
        var count = 0.0
        try matrix.requireFinite("the factors")
        matrix.values.withUnsafeBufferPointer { values in
            for row in stride(from: 0, to: matrix.rows, by: 1 + matrix.rows / 32) {
                let vector = UnsafeBufferPointer(
                    rebasing: values[row * matrix.columns..<(row + 1) * matrix.columns])
                let squares = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
                guard squares > 0 else { continue }
                var error = 0.0
                let length = group == 0 ? matrix.columns : group
                for start in stride(from: 0, to: matrix.columns, by: length) {
                    error +=
                        fit(
                            UnsafeBufferPointer(rebasing: vector[start..<min(start + length, matrix.columns)])
                        ).error
                }
                sum += error / squares
                count += 1
            }
        }
        return count > 0 ? sum / count : 0
    }

    /// The steps of a normal distribution of deviation 1 (Max 1960, table 2).
    private static let normalSteps: [Int: Float] = [2: 0.9957, 3: 0.5860, 4: 0.3352, 8: 0.0308]

    private func fit(_ values: UnsafeBufferPointer<Float>) -> (step: Float, error: Double) {
        var squares = 0.0
        var largest: Float = 0
        for value in values {
            squares += Double(value) * Double(value)
            largest = max(largest, value.magnitude)
        }
        guard squares > 0 else { return (0, 0) }
        let normal = Float((squares / Double(values.count)).squareRoot()) * (Self.normalSteps[bits] ?? 1) / 2
        var best: (step: Float, error: Double) = (0, squares)
        for start in [normal * 0.6, normal * 0.8, normal, normal * 1.25, largest / limit] {
            var step = start
            for _ in 0..<4 where step > 0 && step.isFinite {
                // The step with the least error for these codes.
                var product: Float = 0
                var norm: Float = 0
                for value in values {
                    let level = self.value(code(value, step: step), step: 1)
                    product += value * level
                    norm += level * level
                }
                guard product > 0, norm > 0 else { break }
                step = product / norm
                let error = squares - Double(product) * Double(product) / Double(norm)
                if error < best.error { best = (step, error) }
            }
        }
        return best
    }
}
