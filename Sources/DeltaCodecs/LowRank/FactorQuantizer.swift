internal import DeltaicCore
internal import Kernels

/// Turns the factors of a band into what is stored.
///
/// The right factor is rounded first. The left one is then chosen anew, so that its product with what became of the right one is
/// nearest to the delta, and its rounding is compensated from column to column as in GPTQ, with the Hessian V_q M V_q^T of the
/// inputs that it sees (Delta-CoMe, arXiv 2406.08903, quantises in this order).
struct FactorQuantizer {
    let bits: Int
    /// The values that share a scale; 0 for a whole vector.
    let group: Int
    /// columns x columns, the mean of x x^T over inputs; nil for the identity.
    let moments: Matrix?
    /// The share of a Hessian's mean diagonal that is added to it.
    static let damping = 0.01

    /// A band as it is stored, and its factors as decoders see them.
    struct Band {
        let layout: FactorLayout
        let right: FactorCodes
        /// All rows; scales by vector.
        let left: FactorCodes
        let leftValues: Matrix
        let rightValues: Matrix
    }

    /// - Parameters:
    ///   - delta: the matrix to come near to.
    ///   - factors: of which the right ones times the values are the rows to store.
    /// - Throws: `.unsupported` if the factors, or their squares, are too large; what linear algebra throws.
    func quantize(
        _ delta: Matrix, left: Matrix, right: Matrix
    ) throws(DeltaicError) -> Band {
        let grid = try grid(left, right)
        let stored = try side(right, grid, hessian: moments, byColumns: false)
        let rightValues = stored.values
        let weighted = try moments.map { moments throws(DeltaicError) in try rightValues.times(moments) } ?? rightValues
        let hessian = try weighted.times(rightValues, transposingOther: true)
        guard hessian.values.allSatisfy(\.isFinite) else {
            let largest = delta.values.reduce(Float(0)) { max($0, $1.magnitude) }
            throw DeltaicError(
                .unsupported, "the delta is too large for factors: their squares overflow F32",
                found: "a change of \(largest.shortText())",
                advice: "store this tensor exactly, or with a codec without factors")
        }
        let target = try leastSquares(delta, weighted: weighted, hessian: hessian) ?? left
        let other = try side(target, grid, hessian: hessian, byColumns: true)
        guard stored.exponent + other.exponent <= FactorLayout.exponentSumLimit else {
            throw DeltaicError(
                .unsupported, "the factors of a delta are too large to be stored", advice: "store this tensor exactly")
        }
        return Band(
            layout: FactorLayout(
                grid: grid, bits: bits, width: right.rows, group: group, leftExponent: other.exponent,
                rightExponent: stored.exponent), right: stored.codes, left: other.codes, leftValues: other.values,
            rightValues: rightValues)
    }

    /// D M V^T (V M V^T)^-1; nil if rounding has made the rows of V depend on each other.
    private func leastSquares(_ delta: Matrix, weighted: Matrix, hessian: Matrix) throws(DeltaicError) -> Matrix? {
        var damped = hessian
        // Every row in proportion to its own size: sizes fall by orders of magnitude.
        for index in 0..<damped.rows { damped[index, index] += 1e-6 * hessian[index, index] }
        guard damped.diagonal.allSatisfy({ $0 > 0 }), let lower = try LAPACK.cholesky(damped) else { return nil }
        let result = try delta.times(weighted, transposingOther: true).times(try LAPACK.inverse(cholesky: lower))
        return result.values.allSatisfy(\.isFinite) ? result : nil
    }

    /// The grid that loses less of the two factors: levels on both sides of 0 where values lie about normally, one at 0 where many are
    /// 0, as in rows that training never touched.
    private func grid(_ left: Matrix, _ right: Matrix) throws(DeltaicError) -> FactorGrid {
        guard bits < 16 else { return .half }
        let columns = left.transposed
        var best: (grid: FactorGrid, loss: Double) = (.centred, .infinity)
        for grid in [FactorGrid.centred, .zeroed] {
            let vectors = VectorGrid(grid: grid, bits: bits, group: group)
            let loss = try vectors.relativeLoss(ofRows: right) + vectors.relativeLoss(ofRows: columns)
            if loss < best.loss { best = (grid, loss) }
        }
        return best.grid
    }

    private struct Side {
        let exponent: Int
        let codes: FactorCodes
        let values: Matrix
    }

    /// - Parameter byColumns: whether vectors are the columns of the matrix.
    private func side(
        _ matrix: Matrix, _ kind: FactorGrid, hessian: Matrix?, byColumns: Bool
    ) throws(DeltaicError) -> Side {
        if kind == .half { return try half(matrix) }
        let grid = VectorGrid(grid: kind, bits: bits, group: group)
        let steps = try grid.steps(ofRows: byColumns ? matrix.transposed : matrix)
        var codes = FactorCodes(rows: matrix.rows, columns: matrix.columns)
        codes.codes = [UInt8](repeating: 0, count: matrix.values.count)
        codes.scales = steps.scales
        var values = Matrix(rows: matrix.rows, columns: matrix.columns)
        let (table, groups) = (steps.values, steps.groupsPerVector)
        let length = group == 0 ? Int.max : group
        let order = try ErrorCompensation.diagonal(of: hessian, count: matrix.columns)
        let positions = order.indices.sorted { (order[$1], $0) < (order[$0], $1) }
        var compensation = try ErrorCompensation(
            weights: matrix, hessian: hessian, damping: Self.damping, order: positions)
        for start in stride(from: 0, to: positions.count, by: ErrorCompensation.blockSize) {
            let block = start..<min(start + ErrorCompensation.blockSize, positions.count)
            try compensation.replace(block) { row, position, weights in
                let column = positions[position]
                let step = byColumns ? table[column * groups + row / length] : table[row * groups + column / length]
                let code = grid.code(weights[position], step: step)
                let value = grid.value(code, step: step)
                codes.codes[row * matrix.columns + column] = code
                values.values[row * matrix.columns + column] = value
                return value
            }
        }
        return Side(exponent: steps.exponent, codes: codes, values: values)
    }

    /// FP16 words, the largest of them near FP16's end.
    private func half(_ matrix: Matrix) throws(DeltaicError) -> Side {
        let (words, exponent) = try Self.halves(matrix)
        var codes = FactorCodes(rows: matrix.rows, columns: matrix.columns)
        codes.words = words
        let power = QuantizationGrid.power(exponent)
        let values = Matrix(
            rows: matrix.rows, columns: matrix.columns,
            values: words.map { Float(Float16(bitPattern: $0)) * power })
        return Side(exponent: exponent, codes: codes, values: values)
    }

    /// The words of a matrix divided by a power of two that brings the largest to between 2^13 and 2^14.
    static func halves(_ matrix: Matrix) throws(DeltaicError) -> (words: [UInt16], exponent: Int) {
        try matrix.requireFinite("the factors")
        let largest = matrix.values.reduce(Float(0)) { max($0, $1.magnitude) }
        let wanted = largest > 0 ? Int(largest.exponent) - 13 : 0
        guard wanted <= FactorLayout.exponents.upperBound else {
            throw DeltaicError(
                .unsupported, "the factors of a delta are too large to be stored", found: largest.shortText(),
                advice: "store this tensor exactly")
        }
        let exponent = max(FactorLayout.exponents.lowerBound, wanted)
        let power = QuantizationGrid.power(exponent)
        return (matrix.values.map { Float16($0 / power).bitPattern }, exponent)
    }
}
