internal import DeltaCodecs
internal import TestSupport

extension Matrix {
    /// Independent values of the standard normal distribution.
    static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        return Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(generator.normal()) })
    }

    /// The product, summed in FP64 by the definition.
    func naiveTimes(_ other: Matrix) -> Matrix {
        var result = Matrix(rows: rows, columns: other.columns)
        for row in 0..<rows {
            for column in 0..<other.columns {
                var sum = 0.0
                for k in 0..<columns { sum += Double(self[row, k]) * Double(other[k, column]) }
                result[row, column] = Float(sum)
            }
        }
        return result
    }

    /// The largest difference of two elements, as a share of the largest element of `other` (of 1 if that is 0).
    func distance(to other: Matrix) -> Double {
        guard rows == other.rows, columns == other.columns else { return .infinity }
        let largest = other.values.reduce(Float(0)) { max($0, $1.magnitude) }
        let difference = zip(values, other.values).reduce(Float(0)) {
            let magnitude = ($1.0 - $1.1).magnitude
            return magnitude.isNaN ? .infinity : max($0, magnitude)
        }
        return Double(difference) / Double(largest == 0 ? 1 : largest)
    }

    /// The largest element of M^T M - 1: 0 if the columns are orthonormal.
    var orthonormalityError: Double {
        transposed.naiveTimes(self).distance(to: Matrix(diagonal: [Float](repeating: 1, count: columns)))
    }
}
