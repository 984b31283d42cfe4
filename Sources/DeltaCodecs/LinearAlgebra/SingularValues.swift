public import DeltaicCore

/// A matrix as `left * diag(values) * right`.
public struct SingularValues: Sendable {
    /// Rows x rank, orthonormal columns.
    public let left: Matrix
    /// The singular values in descending order.
    public let values: [Float]
    /// Rank x columns, orthonormal rows.
    public let right: Matrix

    init(left: Matrix, values: [Float], right: Matrix) {
        self.left = left
        self.values = values
        self.right = right
    }

    public var rank: Int { values.count }

    /// All min(rows, columns) singular values and vectors.
    ///
    /// The sign of a pair of vectors is LAPACK's.
    ///
    /// - Throws: `.notFinite` for NaN and infinity, `.noConvergence`, `.unsupported` if the shorter side is over 20,000,
    ///   `.outOfMemory`.
    public init(full matrix: Matrix) throws(DeltaicError) {
        try matrix.requireFinite("the matrix to decompose")
        (left, values, right) = try LAPACK.singularValues(matrix, withVectors: true)
    }

    /// The largest `rank` singular values and their vectors.
    ///
    /// Of a rank under a fifth of the shorter side a random projection finds them in a fraction of the time: nearly as good an
    /// approximation of the matrix, the smallest vectors are not exact.
    ///
    /// - Parameters:
    ///   - rank: more than there are give all there are.
    ///   - seed: of the random projection.
    /// - Throws: as ``init(full:)``, and `.codecMisuse` for a negative rank.
    public init(of matrix: Matrix, rank: Int, seed: UInt64) throws(DeltaicError) {
        guard rank >= 0 else {
            throw DeltaicError(.codecMisuse, "a rank is negative", expected: "0 or more", found: "\(rank)")
        }
        if rank < min(matrix.rows, matrix.columns) / 5 {
            self = try RandomizedSVD(seed: seed).decompose(matrix, rank: rank)
        } else {
            self = try SingularValues(full: matrix).prefix(rank)
        }
    }

    /// The largest `rank` values and their vectors.
    public func prefix(_ rank: Int) -> SingularValues {
        self[0..<min(max(0, rank), self.rank)]
    }

    /// A band of the values and their vectors.
    public subscript(range: Range<Int>) -> SingularValues {
        SingularValues(left: left[columns: range], values: Array(values[range]), right: right[rows: range])
    }

    /// `left * diag(values) * right`.
    public func product() throws(DeltaicError) -> Matrix { try left.scalingColumns(by: values).times(right) }

    /// The singular values alone, in descending order; several times faster than with vectors.
    ///
    /// - Throws: `.notFinite`, `.noConvergence`, `.outOfMemory`.
    public static func values(of matrix: Matrix) throws(DeltaicError) -> [Float] {
        try matrix.requireFinite("the matrix to decompose")
        return try LAPACK.singularValues(matrix, withVectors: false).values
    }

    /// The trace norm: the sum of the singular values, summed in FP64.
    ///
    /// - Throws: as ``values(of:)``.
    public static func traceNorm(of matrix: Matrix) throws(DeltaicError) -> Double {
        try values(of: matrix).reduce(0.0) { $0 + Double($1) }
    }
}
