internal import DeltaicCore
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("Singular values")
struct SingularValuesTests {
    @Test("worked examples: values, trace norm, Frobenius norm, vectors")
    func workedExamples() throws {
        for example in try LossyVectors.linearAlgebra().general {
            let matrix = Matrix(rows: example.rows, columns: example.columns, values: example.matrix)
            let expected = Matrix(rows: 1, columns: example.singularValues.count, values: example.singularValues)
            let full = try SingularValues(full: matrix)
            let values = try SingularValues.values(of: matrix)
            #expect(
                Matrix(rows: 1, columns: full.rank, values: full.values).distance(to: expected) < 2e-6,
                "\(example.name)")
            #expect(
                Matrix(rows: 1, columns: values.count, values: values).distance(to: expected) < 2e-6, "\(example.name)")
            #expect(abs(try SingularValues.traceNorm(of: matrix) - example.traceNorm) <= 2e-6 * example.traceNorm)
            #expect(abs(matrix.frobeniusNorm - example.frobeniusNorm) <= 1e-6 * example.frobeniusNorm)
            #expect(try full.product().distance(to: matrix) < 4e-6, "\(example.name)")
            #expect(full.left.orthonormalityError < 4e-6 && full.right.transposed.orthonormalityError < 4e-6)
            let gram = Matrix(rows: example.rows, columns: example.rows, values: example.gram)
            #expect(try matrix.times(matrix, transposingOther: true).distance(to: gram) < 1e-6, "\(example.name)")
        }
    }

    @Test("every shape decomposes into descending values and orthonormal vectors that multiply back")
    func shapes() throws {
        for (rows, columns) in [(1, 1), (1, 40), (40, 1), (2, 3), (64, 64), (100, 30), (30, 100)] {
            let matrix = Matrix.random(rows, columns, seed: 10)
            let full = try SingularValues(full: matrix)
            let rank = min(rows, columns)
            #expect(full.left.rows == rows && full.left.columns == rank && full.right.rows == rank)
            #expect(full.right.columns == columns && full.rank == rank)
            #expect(zip(full.values, full.values.dropFirst()).allSatisfy { $0 >= $1 } && (full.values.last ?? -1) >= 0)
            #expect(try full.product().distance(to: matrix) < 1e-5, "\(rows) x \(columns)")
            #expect(full.left.orthonormalityError < 1e-5 && full.right.transposed.orthonormalityError < 1e-5)
            let values = try SingularValues.values(of: matrix)
            #expect(zip(values, full.values).allSatisfy { abs($0 - $1) <= 1e-5 * full.values[0] })
        }
    }

    @Test("matrices without elements have no singular values")
    func empty() throws {
        for (rows, columns) in [(0, 0), (0, 5), (5, 0)] {
            let matrix = Matrix(rows: rows, columns: columns)
            #expect(try SingularValues(full: matrix).product() == matrix)
            #expect(try SingularValues(of: matrix, rank: 3, seed: 1).product() == matrix)
            #expect(try SingularValues.traceNorm(of: matrix) == 0)
        }
    }

    @Test("a prefix is the best approximation of its rank: what is left is the tail of the values")
    func truncation() throws {
        let matrix = Matrix.random(24, 37, seed: 11)
        let full = try SingularValues(full: matrix)
        for rank in [0, 1, 7, 24, 99] {
            let part = full.prefix(rank)
            #expect(part.rank == min(rank, 24))
            let tail = full.values.dropFirst(rank).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs((matrix - (try part.product())).frobeniusNorm - tail) < 1e-4)
        }
        #expect(full[3..<5].values == Array(full.values[3..<5]))
        #expect(full[3..<5].left == full.left[columns: 3..<5] && full[3..<5].right == full.right[rows: 3..<5])
    }

    @Test("a low-rank matrix is found exactly by the random projection, whatever its shape")
    func lowRank() throws {
        for (rows, columns) in [(200, 90), (90, 200), (128, 128)] {
            let matrix = try Matrix.random(rows, 6, seed: 12).times(.random(6, columns, seed: 13))
            let found = try SingularValues(of: matrix, rank: 6, seed: 14)
            #expect(found.rank == 6)
            #expect(try found.product().distance(to: matrix) < 1e-5)
            #expect(found.left.orthonormalityError < 1e-5 && found.right.transposed.orthonormalityError < 1e-5)
            let more = try SingularValues(of: matrix, rank: 10, seed: 14)
            #expect(more.rank == 10 && more.values[6] < 1e-4 * more.values[0], "beyond the rank of the matrix")
        }
    }

    @Test("of a slowly falling spectrum the random projection loses at most 2 % more than the best approximation")
    func slowSpectrum() throws {
        let full = try SingularValues(full: .random(300, 240, seed: 15))
        let values = (0..<240).map { 1 / Float($0 + 1).squareRoot() }
        let matrix = try SingularValues(left: full.left, values: values, right: full.right).product()
        for rank in [8, 40] {
            let best = values.dropFirst(rank).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            for seed: UInt64 in 0..<5 {
                let found = try SingularValues(of: matrix, rank: rank, seed: seed)
                let error = (matrix - (try found.product())).frobeniusNorm
                #expect(error < best * 1.02, "rank \(rank), seed \(seed): \(error) against \(best)")
                // Projected on fewer dimensions a value can only shrink.
                let isNear = zip(found.values, values).allSatisfy { $0 < $1 * 1.0001 && $0 > $1 * 0.85 }
                #expect(isNear, "rank \(rank), seed \(seed)")
            }
        }
    }

    @Test("the same seed gives the same bits")
    func repeatable() throws {
        let matrix = Matrix.random(120, 80, seed: 16)
        let first = try SingularValues(of: matrix, rank: 5, seed: 3)
        let second = try SingularValues(of: matrix, rank: 5, seed: 3)
        let other = try SingularValues(of: matrix, rank: 5, seed: 4)
        #expect(first.left == second.left && first.values == second.values && first.right == second.right)
        #expect(first.left != other.left)
    }

    @Test("zeros have zero values and still orthonormal vectors")
    func zeros() throws {
        for rank in [2, 40] {
            let found = try SingularValues(of: Matrix(rows: 60, columns: 50), rank: rank, seed: 1)
            #expect(found.values == [Float](repeating: 0, count: rank))
            #expect(found.left.orthonormalityError < 1e-6 && found.right.transposed.orthonormalityError < 1e-6)
        }
        #expect(try SingularValues.traceNorm(of: Matrix(rows: 4, columns: 9)) == 0)
    }

    @Test("what is not finite and negative ranks are refused", arguments: [Float.nan, .infinity])
    func refused(value: Float) {
        var matrix = Matrix.random(50, 40, seed: 17)
        matrix[7, 9] = value
        for rank in [3, 40] {
            let error = #expect(throws: DeltaicError.self) { try SingularValues(of: matrix, rank: rank, seed: 1) }
            #expect(error?.code == .notFinite && error?.places == ["row 7, column 9"])
        }
        #expect(throws: DeltaicError.self) { try SingularValues.traceNorm(of: matrix) }
        let error = #expect(throws: DeltaicError.self) {
            try SingularValues(of: .random(3, 3, seed: 1), rank: -1, seed: 1)
        }
        #expect(error?.code == .codecMisuse)
    }

    @Test("numbers at the ends of FP32 decompose or are refused, and never trap")
    func extremes() throws {
        for size: Float in [0x1p-146, 1e-38, 1e-20, 1e18, 1e30] {
            let matrix = Matrix(rows: 12, columns: 9, values: Matrix.random(12, 9, seed: 18).values.map { $0 * size })
            let found = try SingularValues(full: matrix)
            let tolerance = size < 1e-30 ? 0.5 : 1e-5
            #expect(try found.product().distance(to: matrix) < tolerance, "\(size)")
        }
        let largest = Matrix(rows: 40, columns: 40, repeating: .greatestFiniteMagnitude)
        _ = try? SingularValues(full: largest)
        _ = try? SingularValues(of: largest, rank: 2, seed: 1)
    }
}
