internal import DeltaicCore

/// The loop that GPTQ and SparseGPT share: columns are replaced one after the other, and the columns not yet reached take over
/// the error that each leaves in the layer's output.
///
/// With C the upper Cholesky factor of the inverse Hessian, replacing w by q in column i changes the columns j > i of the row by
/// -(w - q) / C[i, i] * C[i, j]: Frantar and Alistarh, "SparseGPT" (2023) and "GPTQ" (2022). Columns of the same block see the
/// change at once, later ones when the block is done, through one matrix product.
struct ErrorCompensation {
    /// The columns that are worked on together at most.
    static let blockSize = 128

    /// Position p of the columns worked on is column `order[p]` of the matrix.
    let order: [Int]
    /// Rows x positions; the weights of dead inputs are 0.
    private(set) var weights: Matrix
    /// C, by positions; nil for the identity: nothing is compensated.
    let factor: Matrix?

    /// - Parameters:
    ///   - hessian: columns x columns, symmetric: a multiple of the mean of x x^T over the layer's inputs x. An input whose
    ///     diagonal element is 0 is dead: its weights become 0 and the element 1. Nil for the identity.
    ///   - damping: the share of the mean diagonal that is added to the diagonal.
    ///   - order: a permutation of the columns.
    /// - Throws: `.notFinite`, `.notPositiveDefinite`; `.codecMisuse` if the shapes do not fit or the damping is negative.
    init(weights: Matrix, hessian: Matrix?, damping: Double, order: [Int]) throws(DeltaicError) {
        try weights.requireFinite("the matrix to quantise")
        guard damping >= 0 && damping.isFinite else {
            throw DeltaicError(.codecMisuse, "a damping is negative", expected: "0 or more", found: "\(damping)")
        }
        self.order = order
        var arranged = weights.arrangingColumns(order)
        if let hessian {
            let diagonal = try Self.diagonal(of: hessian, count: weights.columns)
            let count = weights.columns
            let added = Float(damping * diagonal.reduce(0.0) { $0 + Double($1) } / Double(max(1, count)))
            var damped = Matrix(rows: count, columns: count)
            for (position, column) in order.enumerated() {
                for (other, otherColumn) in order.enumerated() {
                    damped.values[position * count + other] = hessian.values[column * count + otherColumn]
                }
                damped[position, position] = diagonal[column] + added
                if hessian[column, column] == 0 { for row in 0..<weights.rows { arranged[row, position] = 0 } }
            }
            factor = try SymmetricFactor.upperFactorOfInverse(damped)
        } else {
            factor = nil
        }
        self.weights = arranged
    }

    /// The diagonal of a Hessian, 1 for dead inputs; ones for nil.
    ///
    /// - Throws: `.notFinite`; `.codecMisuse` if there are not `count` rows and columns.
    static func diagonal(of hessian: Matrix?, count: Int) throws(DeltaicError) -> [Float] {
        guard let hessian else { return [Float](repeating: 1, count: count) }
        guard hessian.rows == count && hessian.columns == count else {
            throw DeltaicError(
                .codecMisuse, "the Hessian does not fit the weights", expected: "\(count) x \(count)",
                found: "\(hessian.rows) x \(hessian.columns)")
        }
        try hessian.requireFinite("the Hessian")
        return hessian.diagonal.map { $0 == 0 ? 1 : $0 }
    }

    /// Replaces the weights of consecutive positions in all rows, and passes the errors on.
    ///
    /// - Parameter replacement: the value for a position of a row. It is called row by row, within a row in ascending order, and
    ///   sees the row's weights as changed so far, at all positions.
    /// - Throws: `.unsupported` if a side is longer than BLAS can count.
    mutating func replace(
        _ block: Range<Int>, by replacement: (_ row: Int, _ position: Int, _ weights: UnsafePointer<Float>) -> Float
    ) throws(DeltaicError) {
        let (rows, columns, width) = (weights.rows, weights.columns, block.count)
        guard let factor else {
            weights.values.withUnsafeMutableBufferPointer { weights in
                guard let weights = weights.baseAddress else { return }
                for row in 0..<rows {
                    for position in block { _ = replacement(row, position, weights + row * columns) }
                }
            }
            return
        }
        var errors = Matrix(rows: rows, columns: width)
        factor.values.withUnsafeBufferPointer { factor in
            weights.values.withUnsafeMutableBufferPointer { weights in
                errors.values.withUnsafeMutableBufferPointer { errors in
                    guard let factor = factor.baseAddress, let weights = weights.baseAddress,
                        let errors = errors.baseAddress
                    else { return }
                    for row in 0..<rows {
                        let values = weights + row * columns
                        for position in block {
                            let weight = values[position]
                            let influence = factor + position * columns
                            let error = (weight - replacement(row, position, values)) / influence[position]
                            errors[row * width + position - block.lowerBound] = error
                            for later in position + 1..<block.upperBound {
                                values[later] -= error * influence[later]
                            }
                        }
                    }
                }
            }
        }
        try LAPACK.subtract(
            errors, times: factor, rows: block, columns: block.upperBound..<columns, from: &weights)
    }
}
