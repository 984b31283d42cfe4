public import DeltaicCore

/// Factors of symmetric positive definite matrices, such as the mean of outer products of calibration inputs.
///
/// Only one triangle of what is given is looked at.
public enum SymmetricFactor {
    /// L of L L^T, lower triangular.
    ///
    /// - Throws: `.notFinite`; `.notPositiveDefinite`; `.codecMisuse` if the matrix is not square.
    public static func cholesky(_ matrix: Matrix) throws(DeltaicError) -> Matrix {
        try require(matrix)
        guard let lower = try LAPACK.cholesky(matrix) else { throw notPositiveDefinite(matrix) }
        return lower
    }

    /// The inverse, through ``cholesky(_:)``.
    ///
    /// - Throws: as ``cholesky(_:)``.
    public static func inverse(_ matrix: Matrix) throws(DeltaicError) -> Matrix {
        try LAPACK.inverse(cholesky: try cholesky(matrix))
    }

    /// C of C^T C = the inverse, upper triangular: what GPTQ calls the Cholesky factor of the inverse Hessian.
    ///
    /// Not by way of the inverse, which costs twice the work and in FP32 may be no longer positive definite: with the order of
    /// rows and columns reversed the matrix is L L^T; reversing L gives an upper R with R R^T = the matrix, and C is the inverse
    /// of R.
    ///
    /// - Throws: as ``cholesky(_:)``.
    public static func upperFactorOfInverse(_ matrix: Matrix) throws(DeltaicError) -> Matrix {
        try require(matrix)
        guard let lower = try LAPACK.cholesky(reversed(matrix)) else {
            throw notPositiveDefinite(matrix)
        }
        return reversed(try LAPACK.inverse(lower: lower))
    }

    /// Eigenvalues and eigenvectors of a symmetric matrix.
    public struct Eigen: Sendable {
        /// In ascending order.
        public let values: [Float]
        /// Row i is the eigenvector of `values[i]`: the matrix is `vectors^T * diag(values) * vectors`.
        public let vectors: Matrix
    }

    /// The eigen-decomposition of a symmetric matrix, which need not be positive.
    ///
    /// - Throws: `.notFinite`; `.noConvergence`; `.unsupported` over 30,000 rows; `.codecMisuse` if the matrix is not square.
    public static func eigen(_ matrix: Matrix) throws(DeltaicError) -> Eigen {
        try require(matrix)
        let (values, vectors) = try LAPACK.eigen(matrix)
        return Eigen(values: values, vectors: vectors)
    }

    /// Rows and columns in reverse order: lower triangular becomes upper triangular.
    private static func reversed(_ matrix: Matrix) -> Matrix {
        Matrix(rows: matrix.rows, columns: matrix.columns, values: matrix.values.reversed())
    }

    private static func require(_ matrix: Matrix) throws(DeltaicError) {
        guard matrix.rows == matrix.columns else {
            throw DeltaicError(
                .codecMisuse, "a symmetric matrix is not square", expected: "as many rows as columns",
                found: "\(matrix.rows) x \(matrix.columns)")
        }
        try matrix.requireFinite("the symmetric matrix")
    }

    private static func notPositiveDefinite(_ matrix: Matrix) -> DeltaicError {
        DeltaicError(
            .notPositiveDefinite, "a \(matrix.rows) x \(matrix.rows) matrix is not positive definite",
            advice:
                "calibrate with more text than the layer has inputs, or raise the damping (1 % of the mean diagonal)")
    }
}
