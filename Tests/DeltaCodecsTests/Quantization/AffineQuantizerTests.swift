internal import DeltaicCore
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("Affine quantiser")
struct AffineQuantizerTests {
    @Test("worked examples: every code, scale and zero")
    func workedExamples() throws {
        let cases = try LossyVectors.quantisation("plain")
        #expect(cases.count >= 9)
        for example in cases {
            let quantizer = try AffineQuantizer(grid: example.grid, fitting: example.matrix)
            let result = try quantizer.quantize(example.matrix)
            #expect(result.scaleExponent == example.exponent, "\(example.name)")
            #expect(result.codes == example.codes, "\(example.name)")
            #expect(result.scales == example.scales, "\(example.name)")
            #expect(result.zeros == example.zeros ?? [], "\(example.name)")
        }
    }

    private static let grids: [QuantizationGrid] =
        (1...8).map { .asymmetric(bits: $0, groupSize: 16) } + (2...8).map { .symmetric(bits: $0) } + [
            .asymmetric(bits: 3, groupSize: nil), .symmetric(bits: 4, groupSize: 8), .asymmetric(bits: 4, groupSize: 1),
        ]

    @Test("no value is further off than half a step, but for what the rounding of the scale takes", arguments: grids)
    func error(grid: QuantizationGrid) throws {
        for size: Float in [1, 1e-7, 1e9] {
            let matrix = Matrix(rows: 6, columns: 50, values: Matrix.random(6, 50, seed: 30).values.map { $0 * size })
            let result = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix)
            let values = result.values
            for row in 0..<6 {
                for column in 0..<50 {
                    let group = grid.groupSize.map { column / $0 } ?? 0
                    let level = result.level(row: row, group: group)
                    let value = matrix[row, column]
                    // A symmetric grid has one step fewer above 0 than below; what lies beyond its last step is cut.
                    let top = (level.limit - level.zero) * level.scale
                    let expected = grid.isSymmetric ? min(value, top) : value
                    let most = level.scale * (0.5 + level.limit / 2048)
                    #expect((values[row, column] - expected).magnitude <= most, "\(grid) at \(row), \(column)")
                }
            }
        }
    }

    @Test("values, quantised again, are what they were", arguments: grids)
    func idempotent(grid: QuantizationGrid) throws {
        let matrix = Matrix.random(5, 40, seed: 31)
        let quantizer = try AffineQuantizer(grid: grid, fitting: matrix)
        let once = try quantizer.quantize(matrix)
        for row in 0..<5 {
            for column in 0..<40 {
                let level = once.level(row: row, group: grid.groupSize.map { column / $0 } ?? 0)
                let code = once.codes[row * 40 + column]
                #expect(level.code(level.value(code)) == code)
            }
        }
    }

    @Test("zero is a value of every grid, and a row of zeros has only that", arguments: grids)
    func zero(grid: QuantizationGrid) throws {
        var matrix = Matrix.random(3, 20, seed: 32)
        for column in 0..<20 { matrix[1, column] = column % 2 == 0 ? 0 : -0.0 }
        for column in stride(from: 0, to: 20, by: 3) { matrix[0, column] = 0 }
        let values = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix).values
        #expect(values[rows: 1..<2].values.allSatisfy { $0 == 0 })
        for column in stride(from: 0, to: 20, by: 3) { #expect(values[0, column] == 0) }
        let zeros = Matrix(rows: 2, columns: 5)
        #expect(try AffineQuantizer(grid: grid, fitting: zeros).quantize(zeros).values == zeros)
    }

    @Test("two bits of DeltaZip are -2, -1, 0 and 1 times two thirds of the largest magnitude")
    func twoBits() throws {
        let matrix = Matrix(rows: 1, columns: 6, values: [-1.5, 1.5, 0.4, 0.6, -0.6, 0])
        let quantizer = try AffineQuantizer(grid: .symmetric(bits: 2), scaleExponent: 0)
        let result = try quantizer.quantize(matrix)
        #expect(result.values.values == [-2, 1, 0, 1, -1, 0] && result.scales == [Float16(1).bitPattern])
        #expect(result.codes == [0, 3, 2, 3, 1, 2] && result.zeros.isEmpty)
    }

    @Test("halves go to the even code")
    func halves() throws {
        // The scale is 1 and the zero 3.
        let matrix = Matrix(rows: 1, columns: 7, values: [-3, 4, 0.5, 1.5, 2.5, -0.5, -1.5])
        let result = try AffineQuantizer(grid: .asymmetric(bits: 3), scaleExponent: 0).quantize(matrix)
        #expect(result.values.values == [-3, 4, 0, 2, 2, 0, -2] && result.zeros == [3])
    }

    @Test("codes are chosen with the scale as it is stored, rounded to FP16")
    func roundedScale() throws {
        // 1/3 is 0.33325 in FP16; 0.16665 is past half of that, and not past half of 1/3.
        let matrix = Matrix(rows: 1, columns: 3, values: [1, 0, 0.16665])
        let result = try AffineQuantizer(grid: .asymmetric(bits: 2), scaleExponent: 0).quantize(matrix)
        #expect(result.codes == [3, 0, 1] && result.scales == [Float16(1.0 / 3).bitPattern])
    }

    @Test("without a power of two tiny scales are the smallest FP16 number and huge ones the largest")
    func clampedScales() throws {
        let matrix = Matrix(rows: 2, columns: 2, values: [1e-20, 0, 1e20, -1e20])
        let result = try AffineQuantizer(grid: .asymmetric(bits: 4), scaleExponent: 0).quantize(matrix)
        #expect(result.scales == [1, 0x7bff] && result.codes.prefix(2) == [0, 0])
        #expect(result.zeros == [0, 15] && result.values.values.allSatisfy { $0.isFinite })
    }

    @Test("numbers at the ends of FP32 are quantised without a trap", arguments: grids)
    func extremes(grid: QuantizationGrid) throws {
        for value in [Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e-38] {
            let matrix = Matrix(rows: 2, columns: 3, values: [value, -value, 0, value, 1, -1e-30])
            let values = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix).values
            #expect(values.values.allSatisfy { $0.isFinite })
        }
    }

    @Test("a matrix without elements has no codes", arguments: grids)
    func empty(grid: QuantizationGrid) throws {
        for (rows, columns) in [(0, 0), (0, 4), (4, 0)] {
            let matrix = Matrix(rows: rows, columns: columns)
            let result = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix)
            #expect(result.codes.isEmpty && result.values == matrix)
        }
    }

    @Test("what is not finite and settings out of range are refused")
    func refused() throws {
        let matrix = Matrix(rows: 1, columns: 2, values: [1, .nan])
        #expect(throws: DeltaicError.self) { try AffineQuantizer(grid: .asymmetric(bits: 4), fitting: matrix) }
        let quantizer = try AffineQuantizer(grid: .asymmetric(bits: 4), scaleExponent: 0)
        let error = #expect(throws: DeltaicError.self) { try quantizer.quantize(matrix) }
        #expect(error?.code == .notFinite)
        let grids: [QuantizationGrid] = [
            .asymmetric(bits: 0), .asymmetric(bits: 9), .symmetric(bits: 1), .asymmetric(bits: 4, groupSize: 0),
        ]
        for grid in grids {
            let error = #expect(throws: DeltaicError.self) { try AffineQuantizer(grid: grid, scaleExponent: 0) }
            #expect(error?.code == .codecMisuse)
        }
        #expect(throws: DeltaicError.self) { try AffineQuantizer(grid: .asymmetric(bits: 4), scaleExponent: 101) }
    }

    @Test("what a decoder read is refused if it does not fit")
    func decoded() throws {
        let matrix = Matrix.random(2, 5, seed: 33)
        for grid in [QuantizationGrid.asymmetric(bits: 3, groupSize: 4), .symmetric(bits: 3)] {
            let good = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix)
            func read(
                codes: [UInt8]? = nil, scales: [UInt16]? = nil, zeros: [UInt8]? = nil, exponent: Int? = nil
            ) throws(DeltaicError) -> QuantizedMatrix {
                try QuantizedMatrix(
                    rows: 2, columns: 5, grid: grid, scaleExponent: exponent ?? good.scaleExponent,
                    codes: codes ?? good.codes, scales: scales ?? good.scales, zeros: zeros ?? good.zeros)
            }
            #expect(try read() == good)
            let groups = good.scales.count
            for scale: UInt16 in [0, 0x7c00, 0x7e00, 0x8001, 0xffff] {
                #expect(throws: DeltaicError.self) { try read(scales: [UInt16](repeating: scale, count: groups)) }
            }
            #expect(throws: DeltaicError.self) { try read(codes: [UInt8](repeating: 8, count: 10)) }
            #expect(throws: DeltaicError.self) { try read(codes: []) }
            #expect(throws: DeltaicError.self) { try read(scales: []) }
            #expect(throws: DeltaicError.self) { try read(zeros: [UInt8](repeating: 8, count: groups)) }
            #expect(throws: DeltaicError.self) { try read(zeros: good.zeros + [0]) }
            #expect(throws: DeltaicError.self) { try read(exponent: -101) }
        }
    }
}
