internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

@Suite("bitdelta")
struct BitDeltaTests {
    @Test("the scale is the mean of |D|")
    func scale() throws {
        let tensor = try LossyTensor.of([1, -2, 3, -4.5, 0, 0.5])
        let run = try LossyRun(.bitDelta, tensor)
        let mean = Float(11.0 / 6)
        #expect(run.values == [mean, -mean, mean, -mean, mean, mean])
        #expect(try run.stream(1).count == 6)
        // 1, 0, 1, 0, 1, 1 from the lowest bit on.
        #expect(try run.stream(2) == [0b110101])
    }

    @Test("a delta of zero is +1 as in the public code, or -1 as in the paper")
    func zeroSign() throws {
        let tensor = try LossyTensor.of([0, 2, -2, 0])
        #expect(try LossyRun(.bitDelta, tensor).values == [1, 1, -1, 1])
        #expect(try LossyRun(.bitDelta, ["zero": .text("plus")], tensor).values == [1, 1, -1, 1])
        #expect(try LossyRun(.bitDelta, ["zero": .text("minus")], tensor).values == [-1, 1, -1, -1])
    }

    @Test("signs take a word of 32 bits for each 32 elements")
    func packedSize() throws {
        let tensor = try LossyTensor.gaussian(rows: 64, columns: 96, seed: 1)
        #expect(try LossyRun(.bitDelta, tensor).stream(2).count == 4 * (64 * 96 / 32))
    }

    @Test("scales of rows and columns are means over what is not zero, in BF16")
    func axes() throws {
        let tensor = try LossyTensor.of([1, -3, 0, 0, 8, 0], columns: 3)
        #expect(try LossyRun(.bitDelta, ["scale": .text("row")], tensor).values == [2, -2, 2, 8, 8, 8])
        #expect(try LossyRun(.bitDelta, ["scale": .text("column")], tensor).values == [1, -5.5, 0, 1, 5.5, 0])
    }

    @Test("the unbiased scale makes the projection on the true delta 1")
    func unbiased() throws {
        let tensor = try LossyTensor.gaussian(rows: 40, columns: 300, seed: 2)
        let run = try LossyRun(.bitDelta, ["scale": .text("unbiased")], tensor)
        let projection = try #require(run.result.quality.projection)
        #expect(abs(projection - 1) < 2e-3)
        let shrunk = try LossyRun(.bitDelta, tensor)
        let shrunken = try #require(shrunk.result.quality.projection)
        #expect(abs(shrunken - 0.637) < 0.02)
    }

    @Test("a row that two chunks share has its scale in both")
    func straddling() throws {
        // 524,288 elements of F32 are a chunk: row 524 is cut.
        let values = (0..<600_000).map { (index: Int) -> Float in
            let magnitude = Float(index % 7 + index / 1000 % 5)
            return index % 3 == 0 ? -magnitude : magnitude
        }
        let tensor = try LossyTensor.of(values, columns: 1000)
        #expect(tensor.chunkCount == 2)
        let run = try LossyRun(.bitDelta, ["scale": .text("row"), "rounds": .number(2)], tensor)
        let first = FloatFormat.bfloat16.values(of: Array(try run.stream(1).dropFirst(2)))
        let second = FloatFormat.bfloat16.values(of: Array(try run.stream(1, ofChunk: 1).dropFirst(2)))
        #expect(first.count == 2 * 525 && second.count == 2 * 76)
        #expect(first[524] == second[0] && first[1049] == second[76])
        let row = values[524_000..<525_000].map { abs($0) }
        let mean = row.reduce(0, +) / Float(row.count(where: { $0 != 0 }))
        #expect(abs(first[524] / mean - 1) < 0.01)
        #expect(try run.decoded(tensor) == run.reconstructed)
    }

    @Test("scales of columns are shared by the chunks of a large tensor")
    func sharedColumns() throws {
        let tensor = try LossyTensor.gaussian(.bfloat16, rows: 1200, columns: 1000, seed: 3)
        let run = try LossyRun(.bitDelta, ["scale": .text("column"), "rounds": .number(2)], tensor)
        #expect(run.chunks.count == 2)
        #expect(run.result.shared.map(\.bytes.count) == [2 * 2 * 1000])
        #expect(try run.decoded(tensor) == run.reconstructed)
        let error = #expect(throws: DeltaicError.self) {
            try CodecTable.decode(
                run.chunks[0], shape: run.shapes[0], base: try tensor.chunk(0).baseWords, coder: PlainStreams())
        }
        #expect(error?.description.contains("C-55") == true)
    }

    @Test("every round leaves less, as planned", arguments: ["mean", "row", "unbiased", "column"])
    func rounds(scale: String) throws {
        let tensor = try LossyTensor.gaussian(rows: 96, columns: 500, seed: 4)
        var before = 1.0
        for rounds in 1...8 {
            let settings: CodecSettings = ["rounds": .number(Double(rounds)), "scale": .text(scale)]
            let run = try LossyRun(.bitDelta, settings, tensor)
            // The unbiased scale is larger than the nearest one: its first round is not nearer.
            if rounds > 1 || scale != "unbiased" { #expect(run.noise < before) }
            before = run.noise
            let planned = try #require(run.plan.relativeNoise)
            #expect(abs(run.noise / planned - 1) < 0.02)
            #expect(abs(run.bitsPerWeight(tensor) / run.plan.bitsPerWeight - 1) < 1e-9)
        }
    }

    @Test("files of the published models have the size that their shapes give")
    func publishedSizes() throws {
        // Llama-2-7B: 32 layers of four 4096 x 4096 and three 4096 x 11008; embeddings, head and 65 norms in 16 bits.
        let method = try MethodTable.method(.bitDelta, settings: [:])
        let square = try #require(try method.plan([ShapeOnly(rows: 4096, columns: 4096)], goal: .settings).first)
        let wide = try #require(try method.plan([ShapeOnly(rows: 11008, columns: 4096)], goal: .settings).first)
        let layer = 4 * 4096 * 4096 * square.bitsPerWeight / 8 + 3 * 4096 * 11008 * wide.bitsPerWeight / 8
        let bytes = 32 * layer + 2 * Double(2 * 32000 * 4096 + 65 * 4096)
        #expect(abs(bytes / 1.334e9 - 1) < 1e-3)
    }

    @Test("a goal in bits is a number of rounds, the next whole one below")
    func goals() throws {
        let tensor = try LossyTensor.gaussian(rows: 64, columns: 256, seed: 5)
        let run = try LossyRun(.bitDelta, goal: .bitsPerWeight(3), tensor)
        #expect(run.bitsPerWeight(tensor) > 3 && run.bitsPerWeight(tensor) < 3.03)
        #expect(try LossyRun(.bitDelta, goal: .bitsPerWeight(1.7), tensor).bitsPerWeight(tensor) < 1.03)
        for bits in [0.5, 0.999, 0] {
            let error = #expect(throws: DeltaicError.self) {
                try LossyRun(.bitDelta, goal: .bitsPerWeight(bits), tensor)
            }
            #expect(error?.code == .unreachable)
        }
        let near = try LossyRun(.bitDelta, goal: .relativeError(0.03), tensor)
        let error = try #require(near.result.quality.relativeError)
        #expect(error <= 0.03 * 1.01)
        #expect(throws: DeltaicError.self) { try LossyRun(.bitDelta, goal: .relativeError(1e-9), tensor) }
    }
}

/// A tensor of which only the shape is known.
struct ShapeOnly: DeltaSource {
    let name = "shape"
    let type = ElementType.bfloat16
    let rows: Int
    let columns: Int
    let key: UInt64 = 0

    var chunkCount: Int { ChunkGrid(elementCount: rows * columns, width: 2).chunkCount }

    var statistics: DeltaStatistics {
        var statistics = DeltaStatistics()
        statistics.count = rows * columns
        statistics.nonzero = statistics.count
        statistics.absoluteSum = 1
        statistics.squareSum = 1
        statistics.maximum = 1
        return statistics
    }

    func secondMoments() throws(DeltaicError) -> [Float]? { nil }
    func chunk(_ position: Int) throws(DeltaicError) -> DeltaChunk { DeltaChunk(baseWords: [], base: [], delta: []) }
    func tail(ofChunk position: Int) throws(DeltaicError) -> [UInt8] { [] }
}
