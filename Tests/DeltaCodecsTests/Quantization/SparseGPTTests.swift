internal import DeltaicCore
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("SparseGPT")
struct SparseGPTTests {
    @Test("worked examples: every code, scale and mask")
    func workedExamples() throws {
        let cases = try LossyVectors.quantisation("sparse")
        #expect(cases.count >= 6)
        for example in cases {
            let result = try SparseGPT(bits: example.bits).quantize(example.matrix, hessian: example.hessian?.matrix)
            #expect(result.matrix.scaleExponent == example.exponent, "\(example.name)")
            #expect(result.masks == example.masks, "\(example.name)")
            #expect(result.matrix.codes == example.codes, "\(example.name)")
            #expect(result.matrix.scales == example.scales, "\(example.name)")
        }
    }

    @Test("of every four columns two are kept, and the others are zero", arguments: [1, 2, 3, 4, 5, 7, 8, 130, 257])
    func masks(columns: Int) throws {
        let matrix = Matrix.random(6, columns, seed: 100)
        let hessian = try GPTQTests.hessian(columns, samples: columns * 2, seed: 101)
        let result = try SparseGPT(bits: 4).quantize(matrix, hessian: hessian)
        #expect(result.masksPerRow == (columns + 3) / 4 && result.masks.count == 6 * result.masksPerRow)
        let values = result.matrix.values
        for row in 0..<6 {
            for four in 0..<result.masksPerRow {
                let present = min(4, columns - four * 4)
                let mask = result.masks[row * result.masksPerRow + four]
                #expect(mask.nonzeroBitCount == min(2, present) && mask >> UInt8(present) == 0)
                for lane in 0..<present where mask >> UInt8(lane) & 1 == 0 {
                    #expect(values[row, four * 4 + lane] == 0)
                }
            }
        }
    }

    @Test(
        "with the identity, a multiple of it, or nothing for a Hessian it keeps the two largest and rounds",
        arguments: [2, 4, 8])
    func identity(bits: Int) throws {
        let matrix = Matrix.random(5, 262, seed: 102)
        let plain = try AffineQuantizer(grid: .symmetric(bits: bits), fitting: matrix).quantize(matrix)
        var codes = plain.codes
        for row in 0..<5 {
            for start in stride(from: 0, to: 262, by: 4) {
                let columns = start..<min(start + 4, 262)
                let falling = columns.sorted { matrix[row, $0].magnitude > matrix[row, $1].magnitude }
                for column in falling.dropFirst(2) { codes[row * 262 + column] = plain.grid.middle }
            }
        }
        let none = try SparseGPT(bits: bits).quantize(matrix, hessian: nil)
        #expect(none.matrix.codes == codes && none.matrix.scales == plain.scales)
        for size: Float in [1, 0.01, 1000] {
            let hessian = Matrix(diagonal: [Float](repeating: size, count: 262))
            #expect(try SparseGPT(bits: bits).quantize(matrix, hessian: hessian) == none)
        }
    }

    @Test("of equal columns the first are kept")
    func ties() throws {
        let matrix = Matrix(rows: 2, columns: 4, values: [1, -1, 1, -1, 0, 0, 0, 0])
        let result = try SparseGPT(bits: 4).quantize(matrix, hessian: nil)
        #expect(result.masks == [0b0011, 0b0011] && result.matrix.values[rows: 1..<2].values == [0, 0, 0, 0])
    }

    @Test("the layer's output changes less than with pruning by magnitude and rounding")
    func betterThanMagnitude() throws {
        for seed: UInt64 in [110, 120, 130] {
            let hessian = try GPTQTests.hessian(256, samples: 400, seed: seed)
            let matrix = Matrix.random(24, 256, seed: seed + 9)
            let plain = try SparseGPT(bits: 4).quantize(matrix, hessian: nil)
            let compensated = try SparseGPT(bits: 4).quantize(matrix, hessian: hessian)
            let losses = try [plain, compensated].map { try GPTQTests.loss(matrix, $0.matrix.values, hessian) }
            #expect(losses[1] < 0.6 * losses[0], "\(losses), seed \(seed)")
        }
    }

    @Test("zeros, no elements, and what cannot be quantised")
    func edges() throws {
        let zeros = Matrix(rows: 2, columns: 9)
        let hessian = try GPTQTests.hessian(9, samples: 30, seed: 140)
        #expect(try SparseGPT(bits: 2).quantize(zeros, hessian: hessian).matrix.values == zeros)
        for (rows, columns) in [(0, 0), (0, 8), (3, 0)] {
            let result = try SparseGPT(bits: 2).quantize(Matrix(rows: rows, columns: columns), hessian: nil)
            #expect(result.masks.isEmpty && result.matrix.codes.isEmpty)
        }
        let error = #expect(throws: DeltaicError.self) {
            try SparseGPT(bits: 2).quantize(Matrix(rows: 1, columns: 1, values: [.nan]), hessian: nil)
        }
        #expect(error?.code == .notFinite)
        #expect(throws: DeltaicError.self) { try SparseGPT(bits: 1).quantize(zeros, hessian: nil) }
        #expect(throws: DeltaicError.self) { try SparseGPT(bits: 2).quantize(zeros, hessian: Matrix(diagonal: [1])) }
    }
}
