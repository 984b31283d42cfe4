internal import DeltaicCore
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("GPTQ")
struct GPTQTests {
    @Test("worked examples: every code, scale and zero")
    func workedExamples() throws {
        let cases = try LossyVectors.quantisation("gptq")
        #expect(cases.count >= 11)
        for example in cases {
            let gptq = GPTQ(grid: example.grid, isOrderedByHessian: example.ordered == true)
            let result = try gptq.quantize(example.matrix, hessian: example.hessian?.matrix)
            #expect(result.scaleExponent == example.exponent, "\(example.name)")
            #expect(result.codes == example.codes, "\(example.name)")
            #expect(result.scales == example.scales, "\(example.name)")
            #expect(result.zeros == example.zeros ?? [], "\(example.name)")
        }
    }

    /// Inputs of uneven sizes that depend on each other, and their Hessian.
    static func hessian(_ side: Int, samples: Int, seed: UInt64) throws -> Matrix {
        var generator = SeededGenerator(seed: seed)
        let mixing = Matrix.random(side, side / 4 + 1, seed: seed + 1)
        let hidden = Matrix.random(side / 4 + 1, samples, seed: seed + 2)
        let noise = Matrix.random(side, samples, seed: seed + 3)
        let sizes = (0..<side).map { _ in Float(generator.normal() * 1.5).magnitude + 0.05 }
        let inputs = (try mixing.times(hidden) + noise).scalingRows(by: sizes)
        return try inputs.times(inputs, transposingOther: true)
    }

    /// The change of the layer's output: tr(E H E^T).
    static func loss(_ weights: Matrix, _ result: Matrix, _ hessian: Matrix) throws -> Double {
        let error = weights - result
        return zip(try error.times(hessian).values, error.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }

    private static let grids: [QuantizationGrid] = [
        .asymmetric(bits: 1, groupSize: 32), .asymmetric(bits: 2), .asymmetric(bits: 3, groupSize: 64),
        .asymmetric(bits: 8, groupSize: nil), .symmetric(bits: 2), .symmetric(bits: 4, groupSize: 16),
    ]

    @Test("with the identity, a multiple of it, or nothing for a Hessian it is plain rounding", arguments: grids)
    func identity(grid: QuantizationGrid) throws {
        let matrix = Matrix.random(7, 300, seed: 40)
        let plain = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix)
        for size: Float in [1, 0.001, 3000] {
            let hessian = Matrix(diagonal: [Float](repeating: size, count: 300))
            #expect(try GPTQ(grid: grid).quantize(matrix, hessian: hessian) == plain)
            #expect(try GPTQ(grid: grid, isOrderedByHessian: false).quantize(matrix, hessian: hessian) == plain)
        }
        // Any diagonal: nothing can be compensated, whatever the order.
        let diagonal = (0..<300).map { Float($0 * 37 % 101 + 1) }
        #expect(try GPTQ(grid: grid).quantize(matrix, hessian: Matrix(diagonal: diagonal)) == plain)
        #expect(try GPTQ(grid: grid).quantize(matrix, hessian: nil) == plain)
    }

    @Test("the layer's output changes far less than with plain rounding", arguments: 2...4)
    func betterThanRounding(bits: Int) throws {
        let grid = QuantizationGrid.asymmetric(bits: bits)
        for seed: UInt64 in [50, 60, 70] {
            let hessian = try Self.hessian(320, samples: 500, seed: seed)
            let matrix = Matrix.random(24, 320, seed: seed + 9)
            let plain = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix)
            let ordered = try GPTQ(grid: grid).quantize(matrix, hessian: hessian)
            let stored = try GPTQ(grid: grid, isOrderedByHessian: false).quantize(matrix, hessian: hessian)
            let losses = try [plain, stored, ordered].map { try Self.loss(matrix, $0.values, hessian) }
            #expect(losses[1] < 0.8 * losses[0] && losses[2] < 0.25 * losses[0], "\(losses), seed \(seed)")
        }
    }

    @Test("the weights of dead inputs become zero and change no other")
    func dead() throws {
        var hessian = try Self.hessian(40, samples: 90, seed: 80)
        let dead = [0, 13, 14, 39]
        for input in dead { for other in 0..<40 { (hessian[input, other], hessian[other, input]) = (0, 0) } }
        let matrix = Matrix.random(5, 40, seed: 81)
        var changed = matrix
        for input in dead { for row in 0..<5 { changed[row, input] *= -0.5 } }
        let grid = QuantizationGrid.asymmetric(bits: 3, groupSize: 10)
        let result = try GPTQ(grid: grid).quantize(matrix, hessian: hessian)
        for input in dead { for row in 0..<5 { #expect(result.values[row, input] == 0) } }
        #expect(try GPTQ(grid: grid).quantize(changed, hessian: hessian).codes == result.codes)
    }

    @Test("zeros stay zeros")
    func zeros() throws {
        let matrix = Matrix(rows: 3, columns: 40)
        let hessian = try Self.hessian(40, samples: 90, seed: 90)
        #expect(try GPTQ(grid: .asymmetric(bits: 2, groupSize: 16)).quantize(matrix, hessian: hessian).values == matrix)
        #expect(
            try GPTQ(grid: .asymmetric(bits: 2)).quantize(matrix, hessian: Matrix(rows: 40, columns: 40)).values
                == matrix)
    }

    @Test("a matrix without elements has no codes")
    func empty() throws {
        for (rows, columns) in [(0, 0), (0, 4), (4, 0)] {
            let matrix = Matrix(rows: rows, columns: columns)
            let hessian = Matrix(diagonal: [Float](repeating: 2, count: columns))
            let result = try GPTQ(grid: .asymmetric(bits: 4)).quantize(matrix, hessian: hessian)
            #expect(result.codes.isEmpty && result.values == matrix)
        }
    }

    @Test("Hessians that do not fit, are indefinite or not finite are refused, as is damping under 0")
    func refused() throws {
        let matrix = Matrix.random(2, 3, seed: 95)
        let gptq = GPTQ(grid: .asymmetric(bits: 4))
        func code(_ gptq: GPTQ, _ matrix: Matrix, _ hessian: Matrix?) -> DeltaicError.Code? {
            #expect(throws: DeltaicError.self) { try gptq.quantize(matrix, hessian: hessian) }?.code
        }
        let fine = Matrix(diagonal: [1, 2, 3])
        #expect(code(gptq, matrix, Matrix(diagonal: [1, 2])) == .codecMisuse)
        #expect(code(gptq, matrix, Matrix(rows: 3, columns: 2)) == .codecMisuse)
        #expect(code(gptq, matrix, Matrix(diagonal: [1, -2, 1])) == .notPositiveDefinite)
        #expect(code(gptq, matrix, Matrix(diagonal: [1, .infinity, 1])) == .notFinite)
        #expect(code(gptq, Matrix(rows: 1, columns: 3, values: [1, .nan, 2]), fine) == .notFinite)
        #expect(code(gptq, Matrix(rows: 1, columns: 3, values: [1, .nan, 2]), nil) == .notFinite)
        #expect(code(GPTQ(grid: .asymmetric(bits: 4), damping: -1), matrix, fine) == .codecMisuse)
        #expect(code(GPTQ(grid: .asymmetric(bits: 4), damping: .nan), matrix, fine) == .codecMisuse)
        #expect(code(GPTQ(grid: .asymmetric(bits: 10)), matrix, fine) == .codecMisuse)
        #expect(
            code(GPTQ(grid: .asymmetric(bits: 4), damping: 0), matrix, Matrix(rows: 3, columns: 3, repeating: 1))
                == .notPositiveDefinite)
    }

    @Test("weights near the largest number overflow without a trap")
    func overflow() throws {
        let hessian = try Self.hessian(40, samples: 90, seed: 97)
        let matrix = Matrix(rows: 3, columns: 40, values: Matrix.random(3, 40, seed: 98).values.map { $0 * 1e38 })
        let result = try GPTQ(grid: .asymmetric(bits: 2, groupSize: 8)).quantize(matrix, hessian: hessian)
        #expect(result.values.values.allSatisfy { $0.isFinite })
    }
}
