internal import DeltaCodecs
internal import DeltaicCore
internal import TestSupport
internal import Testing

@Suite("Matrix")
struct MatrixTests {
    @Test("products are those of the definition, either side transposed or not")
    func product() throws {
        for (rows, inner, columns) in [(1, 1, 1), (1, 7, 3), (5, 1, 4), (17, 33, 9), (40, 3, 50)] {
            let left = Matrix.random(rows, inner, seed: 1)
            let right = Matrix.random(inner, columns, seed: 2)
            let expected = left.naiveTimes(right)
            #expect(try left.times(right).distance(to: expected) < 1e-6)
            #expect(try left.transposed.times(right, transposingSelf: true).distance(to: expected) < 1e-6)
            #expect(try left.times(right.transposed, transposingOther: true).distance(to: expected) < 1e-6)
            #expect(
                try left.transposed.times(right.transposed, transposingSelf: true, transposingOther: true)
                    .distance(to: expected) < 1e-6)
        }
    }

    @Test("products with empty sides are empty or zero")
    func emptyProduct() throws {
        #expect(try Matrix(rows: 0, columns: 3).times(Matrix(rows: 3, columns: 2)) == Matrix(rows: 0, columns: 2))
        #expect(try Matrix(rows: 2, columns: 0).times(Matrix(rows: 0, columns: 2)) == Matrix(rows: 2, columns: 2))
        #expect(try Matrix(rows: 2, columns: 1).times(Matrix(rows: 1, columns: 0)) == Matrix(rows: 2, columns: 0))
    }

    @Test("transposing puts element i, j at j, i")
    func transposed() {
        for (rows, columns) in [(0, 0), (0, 4), (1, 1), (1, 9), (70, 33)] {
            let matrix = Matrix.random(rows, columns, seed: 3)
            let other = matrix.transposed
            #expect(other.rows == columns && other.columns == rows)
            for row in 0..<rows { for column in 0..<columns { #expect(other[column, row] == matrix[row, column]) } }
        }
    }

    @Test("slices hold their rows and columns, empty ones nothing")
    func slices() {
        let matrix = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
        #expect(matrix[rows: 1..<2] == Matrix(rows: 1, columns: 3, values: [4, 5, 6]))
        #expect(matrix[columns: 1..<3] == Matrix(rows: 2, columns: 2, values: [2, 3, 5, 6]))
        #expect(matrix[columns: 3..<3] == Matrix(rows: 2, columns: 0))
        #expect(matrix[rows: 0..<0] == Matrix(rows: 0, columns: 3))
        #expect(matrix.diagonal == [1, 5])
        #expect(matrix.scalingRows(by: [1, -1]) == Matrix(rows: 2, columns: 3, values: [1, 2, 3, -4, -5, -6]))
        #expect(matrix.scalingColumns(by: [0, 1, 2]) == Matrix(rows: 2, columns: 3, values: [0, 2, 6, 0, 5, 12]))
    }

    @Test("the norm does not overflow where squares of FP32 would")
    func norm() {
        #expect(Matrix(rows: 1, columns: 2, values: [3e30, 4e30]).frobeniusNorm.isApproximately(5e30))
        #expect(Matrix(rows: 1, columns: 2, values: [3e-30, 4e-30]).frobeniusNorm.isApproximately(5e-30))
        #expect(Matrix(rows: 0, columns: 2).frobeniusNorm == 0)
    }

    @Test("the first number that is not finite is named", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) {
        var matrix = Matrix.random(4, 5, seed: 4)
        matrix[2, 3] = value
        matrix[3, 0] = .nan
        let error = #expect(throws: DeltaicError.self) { try matrix.requireFinite("the delta") }
        #expect(error?.code == .notFinite && error?.places == ["row 2, column 3"])
        #expect(error?.found == "\(value)" && error?.message.contains("the delta") == true)
    }

    @Test("the largest numbers and zeros of both signs are finite")
    func finite() throws {
        try Matrix(
            rows: 1, columns: 4,
            values: [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude]
        )
        .requireFinite("it")
        try Matrix(rows: 0, columns: 0).requireFinite("it")
    }

    @Test("the number of threads is what was set")
    func threads() {
        // Another number would change the last bits of what other tests compute meanwhile.
        let count = LinearAlgebraThreads.count
        LinearAlgebraThreads.limit(to: count)
        #expect(LinearAlgebraThreads.count == count && count >= 1)
    }
}

extension Double {
    fileprivate func isApproximately(_ other: Double) -> Bool { abs(self - other) <= 1e-6 * abs(other) }
}
