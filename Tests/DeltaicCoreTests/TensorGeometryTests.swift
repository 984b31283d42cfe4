internal import DeltaicCore
internal import Foundation
internal import Testing

@Suite("Tensor shapes")
struct TensorShapeTests {
    @Test("a shape has the product of its dimensions as elements")
    func count() throws {
        #expect(try #require(TensorShape([])).elementCount == 1)
        #expect(try #require(TensorShape([7])).elementCount == 7)
        #expect(try #require(TensorShape([2, 3, 4])).elementCount == 24)
        #expect(try #require(TensorShape([2, 0, 4])).elementCount == 0)
        #expect(try #require(TensorShape([.max, 1])).elementCount == .max)
    }

    @Test(
        "negative dimensions and products over 63 bits are refused, behind a zero too",
        arguments: [
            [-1], [2, -1], [0, -1], [1 << 32, 1 << 31], [.max, 2], [0, 1 << 40, 1 << 40], [1 << 40, 1 << 40, 0],
        ])
    func refused(dimensions: [Int]) {
        #expect(TensorShape(dimensions) == nil)
    }

    @Test("a row is what follows the first dimension")
    func row() throws {
        #expect(try #require(TensorShape([])).rowLength == 1)
        #expect(try #require(TensorShape([9])).rowLength == 1)
        #expect(try #require(TensorShape([9, 4, 2])).rowLength == 8)
    }

    @Test("tensors share the rows of the smaller, if their rows are alike")
    func common() throws {
        func common(_ first: [Int], _ second: [Int]) throws -> Int {
            let (first, second) = (try #require(TensorShape(first)), try #require(TensorShape(second)))
            #expect(first.commonElements(with: second) == second.commonElements(with: first))
            return first.commonElements(with: second)
        }
        #expect(try common([10, 4], [10, 4]) == 40)
        #expect(try common([10, 4], [12, 4]) == 40)
        #expect(try common([10], [12]) == 10)
        #expect(try common([], []) == 1)
        #expect(try common([10, 4], [10, 5]) == 0)
        #expect(try common([10, 4], [40]) == 0)
        #expect(try common([10, 4], [4, 10]) == 0)
        #expect(try common([0, 4], [10, 4]) == 0)
    }

    @Test("a shape is an array in JSON, and an impossible one is refused")
    func json() throws {
        let shape = try #require(TensorShape([2, 3]))
        #expect(try JSONDecoder().decode(TensorShape.self, from: JSONEncoder().encode(shape)) == shape)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(TensorShape.self, from: Data("[-1]".utf8)) }
    }
}

@Suite("Chunk grid")
struct ChunkGridTests {
    @Test("chunks cover all elements once, in order, none over 2 MiB", arguments: [1, 2, 4, 8])
    func cover(width: Int) {
        let full = (2 << 20) / width
        for count in [0, 1, full - 1, full, full + 1, 3 * full + 5] {
            let grid = ChunkGrid(elementCount: count, width: width)
            var next = 0
            for chunk in 0..<grid.chunkCount {
                let range = grid.elements(of: chunk)
                #expect(range.lowerBound == next && !range.isEmpty && range.count <= full)
                #expect(grid.bytes(of: chunk) == range.lowerBound * width..<range.upperBound * width)
                next = range.upperBound
            }
            #expect(next == count)
            #expect(grid.chunkCount == (count + full - 1) / full)
        }
    }
}

@Suite("Matrices of tensors")
struct TensorMatrixTests {
    @Test(
        "a row is all but the first dimension, of a stack of matrices the last one",
        arguments: [
            ("a.weight", [8, 5], 5), ("a.weight", [8, 5, 3], 15), ("a.weight", [64, 32, 3, 3], 288),
            ("experts.gate_up_proj", [4, 64, 32], 32), ("block_sparse_moe.input_linear.weight", [8, 16, 16], 16),
            ("experts.gate_up_proj", [4, 64, 15], 960), ("experts.gate_up_proj", [4, 15, 64], 960),
            ("encoder.pos_conv_embed.conv.weight", [768, 48, 128], 6144), ("experts.w", [2, 2, 64, 64], 8192),
        ])
    func columns(name: String, dimensions: [Int], expected: Int) throws {
        let shape = try #require(TensorShape(dimensions))
        #expect(shape.matrixColumns(name: name) == expected)
        #expect(shape.rowLength % expected == 0)
    }

    @Test("scalars and vectors are one row", arguments: [[], [7]])
    func vectors(dimensions: [Int]) throws {
        #expect(try #require(TensorShape(dimensions)).matrixColumns(name: "a") == nil)
    }
}

@Suite("Element types")
struct ElementTypeTests {
    @Test("every dtype has a number of its own, which leads back to it")
    func codes() {
        #expect(Set(ElementType.allCases.map(\.code)) == Set(1...16))
        for type in ElementType.allCases { #expect(ElementType(code: type.code) == type) }
    }

    @Test("a number that no dtype has is refused", arguments: [0, 17, 255] as [UInt8])
    func unknown(code: UInt8) {
        #expect(ElementType(code: code) == nil)
    }

    @Test("the width of a dtype follows from its name", arguments: ElementType.allCases)
    func width(type: ElementType) throws {
        let digits = type.rawValue.drop { !$0.isNumber }.prefix { $0.isNumber }
        #expect(type.width * 8 == (type == .bool ? 8 : try #require(Int(digits))))
    }

    @Test("signed floating-point dtypes have their mantissa bits, and no other has any")
    func mantissa() {
        let bits = Dictionary(
            uniqueKeysWithValues: ElementType.allCases.compactMap { type in type.mantissaBits.map { (type, $0) } })
        #expect(
            bits == [
                .float64: 52, .float32: 23, .float16: 10, .bfloat16: 7, .float8E4M3: 3, .float8E5M2: 2,
            ])
    }
}
