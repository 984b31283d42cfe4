internal import DeltaicCore
internal import Foundation

/// The largest singular values and vectors of a matrix through a random projection.
///
/// Halko, Martinsson and Tropp, "Finding Structure with Randomness" (SIAM Review 2011), algorithms 4.4 and 5.1: the matrix
/// times a Gaussian matrix of a few more columns than the rank spans nearly the wanted space; power iterations, made
/// orthonormal after each step, sharpen it; the matrix projected on that space is small enough for a full decomposition.
struct RandomizedSVD {
    var seed: UInt64
    /// Columns of the random matrix beyond the rank.
    var oversampling = 10
    /// Each makes the error of a slowly falling spectrum smaller.
    var powerIterations = 2

    /// The largest `rank` singular values of `matrix` and their vectors.
    ///
    /// - Parameter rank: more than min(rows, columns) are never returned.
    /// - Throws: `.notFinite`, `.noConvergence`, `.unsupported`, `.outOfMemory`.
    func decompose(_ matrix: Matrix, rank: Int) throws(DeltaicError) -> SingularValues {
        try matrix.requireFinite("the matrix to decompose")
        let width = min(rank + oversampling, matrix.rows, matrix.columns)
        var basis = try LAPACK.orthonormalised(
            try finite(try matrix.times(Self.gaussian(rows: matrix.columns, columns: width, seed: seed))))
        for _ in 0..<powerIterations {
            let other = try LAPACK.orthonormalised(try finite(try matrix.times(basis, transposingSelf: true)))
            basis = try LAPACK.orthonormalised(try finite(try matrix.times(other)))
        }
        let small = try LAPACK.singularValues(
            try finite(try basis.times(matrix, transposingSelf: true)), withVectors: true)
        let result = SingularValues(left: try basis.times(small.left), values: small.values, right: small.right)
        return result.prefix(rank)
    }

    /// Sums of values near FP32's largest overflow, and LAPACK would blame its caller for that.
    private func finite(_ product: Matrix) throws(DeltaicError) -> Matrix {
        try product.requireFinite("a product of the matrix to decompose")
        return product
    }

    /// Independent values of the standard normal distribution; the same seed gives the same matrix.
    static func gaussian(rows: Int, columns: Int, seed: UInt64) -> Matrix {
        let count = rows * columns
        var values: [Float] = []
        values.reserveCapacity(count + 1)
        var counter = CounterGenerator(seed: seed)
        // Box and Muller: two values from two.
        while values.count < count {
            let radius = (-2 * log(1 - counter.unit())).squareRoot()
            let angle = 2 * Double.pi * counter.unit()
            values.append(Float(radius * cos(angle)))
            values.append(Float(radius * sin(angle)))
        }
        return Matrix(rows: rows, columns: columns, values: Array(values.prefix(count)))
    }
}

/// SplitMix64, in which value i is a mix of the seed and i.
///
/// For encoders: nothing that is stored depends on its being this one.
private struct CounterGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Uniform in [0, 1).
    mutating func unit() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((value ^ (value >> 31)) >> 11) * 0x1p-53
    }
}
