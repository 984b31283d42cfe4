internal import DeltaicCore

/// Makes a truncated decomposition least in the error of a layer's outputs instead of its weights.
///
/// EoRA (Liu and others, arXiv 2410.21271): with the mean of x x^T over inputs = Q L Q^T, the largest singular values and
/// vectors are those of D Q L^(1/2); the right factor is taken back by L^(-1/2) Q^T. Eigenvalues that are not positive, which
/// rounding makes of those that are near 0, count as the smallest positive one; none counts as less than 1e-7 of the largest, under
/// which FP32 holds only noise. With the identity for a mean that is the plain decomposition.
struct EigenspaceProjection {
    private let vectors: Matrix
    private let roots: [Float]

    /// Nil if the moments are all zero.
    init?(_ moments: Matrix) throws(DeltaicError) {
        let eigen = try SymmetricFactor.eigen(moments)
        guard let largest = eigen.values.last, largest > 0 else { return nil }
        let least = eigen.values.first { $0 > 0 } ?? largest
        vectors = eigen.vectors
        roots = eigen.values.map { max($0 > 0 ? $0 : least, 1e-7 * largest).squareRoot() }
    }

    /// D Q L^(1/2).
    func project(_ delta: Matrix) throws(DeltaicError) -> Matrix {
        try delta.times(vectors, transposingOther: true).scalingColumns(by: roots)
    }

    /// R L^(-1/2) Q^T.
    func back(_ right: Matrix) throws(DeltaicError) -> Matrix {
        try right.scalingColumns(by: roots.map { 1 / $0 }).times(vectors)
    }
}
