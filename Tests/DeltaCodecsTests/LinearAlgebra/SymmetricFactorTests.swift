internal import DeltaicCore
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("Symmetric factors")
struct SymmetricFactorTests {
    @Test("worked examples: Cholesky, inverse, upper factor of the inverse, eigenvalues")
    func workedExamples() throws {
        for example in try LossyVectors.linearAlgebra().symmetric {
            let side = example.rows
            func square(_ values: [Float]) -> Matrix { Matrix(rows: side, columns: side, values: values) }
            let matrix = square(example.matrix)
            let eigen = try SymmetricFactor.eigen(matrix)
            #expect(
                try SymmetricFactor.cholesky(matrix).distance(to: square(example.cholesky)) < 1e-5, "\(example.name)")
            #expect(try SymmetricFactor.inverse(matrix).distance(to: square(example.inverse)) < 1e-4, "\(example.name)")
            #expect(
                try SymmetricFactor.upperFactorOfInverse(matrix).distance(to: square(example.upperFactorOfInverse))
                    < 1e-4,
                "\(example.name)")
            #expect(
                Matrix(rows: 1, columns: side, values: eigen.values)
                    .distance(to: Matrix(rows: 1, columns: side, values: example.eigenvalues)) < 1e-5, "\(example.name)"
            )
            #expect(eigen.vectors.transposed.orthonormalityError < 1e-5)
            let product = try eigen.vectors.times(eigen.vectors.scalingRows(by: eigen.values), transposingSelf: true)
            #expect(product.distance(to: matrix) < 1e-5, "\(example.name)")
        }
    }

    /// A damped mean of outer products.
    private func hessian(_ side: Int, samples: Int, seed: UInt64) throws -> Matrix {
        let inputs = Matrix.random(side, samples, seed: seed)
        var result = try inputs.times(inputs, transposingOther: true)
        let mean = result.diagonal.reduce(0, +) / Float(side)
        for index in 0..<side { result[index, index] += 0.01 * mean }
        return result
    }

    @Test("the factor of the inverse is upper triangular and its square times the matrix is the identity")
    func upperFactor() throws {
        for (side, samples) in [(1, 3), (2, 1), (50, 80), (150, 20)] {
            let matrix = try hessian(side, samples: samples, seed: 20)
            let factor = try SymmetricFactor.upperFactorOfInverse(matrix)
            for row in 0..<side { for column in 0..<row { #expect(factor[row, column] == 0) } }
            #expect(factor.diagonal.allSatisfy { $0 > 0 })
            let identity = factor.transposed.naiveTimes(factor).naiveTimes(matrix)
            #expect(identity.distance(to: Matrix(diagonal: [Float](repeating: 1, count: side))) < 2e-3, "\(side)")
            #expect(try SymmetricFactor.inverse(matrix).naiveTimes(matrix).distance(to: identity) < 4e-3)
        }
    }

    @Test("the factor of a power of the identity is exact")
    func identity() throws {
        let matrix = Matrix(diagonal: [Float](repeating: 4, count: 130))
        #expect(
            try SymmetricFactor.upperFactorOfInverse(matrix) == Matrix(diagonal: [Float](repeating: 0.5, count: 130)))
        #expect(try SymmetricFactor.cholesky(matrix) == Matrix(diagonal: [Float](repeating: 2, count: 130)))
    }

    @Test("what is not positive definite is refused with advice about damping")
    func notDefinite() {
        let matrices = [
            Matrix(rows: 1, columns: 1), Matrix(rows: 2, columns: 2, values: [1, 2, 2, 1]),
            Matrix(rows: 2, columns: 2, values: [1, 1, 1, 1]), Matrix(diagonal: [1, -1, 1]),
        ]
        for matrix in matrices {
            let errors = [
                #expect(throws: DeltaicError.self) { try SymmetricFactor.cholesky(matrix) },
                #expect(throws: DeltaicError.self) { try SymmetricFactor.inverse(matrix) },
                #expect(throws: DeltaicError.self) { try SymmetricFactor.upperFactorOfInverse(matrix) },
            ]
            for error in errors {
                #expect(error?.code == .notPositiveDefinite && error?.advice?.contains("damping") == true)
            }
        }
    }

    @Test("indefinite matrices have eigenvalues all the same")
    func indefinite() throws {
        let eigen = try SymmetricFactor.eigen(Matrix(rows: 2, columns: 2, values: [1, 2, 2, 1]))
        #expect(abs(eigen.values[0] + 1) < 1e-6 && abs(eigen.values[1] - 3) < 1e-6)
    }

    @Test("no rows have no factors, and other shapes are refused")
    func shapes() throws {
        let none = Matrix(rows: 0, columns: 0)
        #expect(try SymmetricFactor.upperFactorOfInverse(none) == none)
        #expect(try SymmetricFactor.inverse(none) == none)
        #expect(try SymmetricFactor.eigen(none).values.isEmpty)
        let error = #expect(throws: DeltaicError.self) { try SymmetricFactor.cholesky(Matrix(rows: 2, columns: 3)) }
        #expect(error?.code == .codecMisuse)
    }

    @Test("what is not a number is refused")
    func notFinite() {
        let error = #expect(throws: DeltaicError.self) { try SymmetricFactor.eigen(Matrix(diagonal: [1, .nan])) }
        #expect(error?.code == .notFinite)
    }

    @Test("a work space is never smaller than what LAPACK needed to say in FP32")
    func workspace() {
        for side in stride(from: 1, through: 30_000, by: 7) {
            let needed = 2 * side * side + 6 * side + 1
            let size = LAPACK.workspaceSize(Float(needed))
            #expect(size >= needed && size < needed + needed / 1_000_000 + 2, "\(side)")
        }
        #expect(LAPACK.workspaceSize(.nan) == 1 && LAPACK.workspaceSize(-1) == 1)
    }
}
