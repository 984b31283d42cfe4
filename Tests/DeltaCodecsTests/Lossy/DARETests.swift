internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

@Suite("dare")
struct DARETests {
    @Test("the share that is kept is within four deviations of 1 - p", arguments: [0.1, 0.5, 0.9, 0.99])
    func keepFraction(drop: Double) throws {
        let count = 1 << 18
        let tensor = try LossyTensor.of([Float](repeating: 1, count: count), columns: 512, key: 99)
        let run = try LossyRun(.dare, ["drop": .number(drop), "values": .text("fp32")], tensor)
        let kept = run.values.count { $0 != 0 }
        let expected = (1 - drop) * Double(count)
        // The threshold is a multiple of 1 / 65,536.
        let allowed = 4 * (expected * drop).squareRoot() + Double(count) / 131_072
        #expect(abs(Double(kept) - expected) < allowed, "key 99")
    }

    @Test("over keys, the sum of the rescaled delta is that of the delta")
    func unbiased() throws {
        var total = 0.0
        var squares = 0.0
        let values = (0..<4000).map { Float($0 % 13) - 5 }
        for key in 0..<60 as Range<UInt64> {
            let tensor = try LossyTensor.of(values, columns: 100, key: key)
            let run = try LossyRun(.dare, ["drop": .number(0.75), "values": .text("fp32")], tensor)
            total += run.values.reduce(0) { $0 + Double($1) }
            squares += 3 * values.reduce(0) { $0 + Double($1 * $1) }
        }
        let sum = 60 * values.reduce(0) { $0 + Double($1) }
        // The variance of a dropped and rescaled value is p / (1 - p) of its square.
        #expect(abs(total - sum) < 4 * squares.squareRoot())
    }

    @Test("dropping nothing keeps 16 bits of every value, dropping all leaves the base")
    func ends() throws {
        let tensor = try LossyTensor.gaussian(.bfloat16, rows: 64, columns: 64, seed: 6)
        let all = try LossyRun(.dare, ["drop": .number(0)], tensor)
        #expect(all.noise < 1e-4)
        #expect(abs(all.bitsPerWeight(tensor) - 16) < 0.1)
        let none = try LossyRun(.dare, ["drop": .number(1)], tensor)
        #expect(none.reconstructed == (try tensor.chunk(0).baseWords))
        #expect(none.chunks[0].streams.count == 1)
        #expect(none.plan.relativeNoise == 1)
    }

    @Test("values are multiplied with one over the share of the 16-bit mask, or over the divisor, or not at all")
    func factors() throws {
        let tensor = try LossyTensor.of([Float](repeating: 1, count: 4096), columns: 64)
        func kept(_ settings: CodecSettings) throws -> Set<Float> {
            var settings = settings
            settings["drop"] = .number(0.9)
            return Set(try LossyRun(.dare, settings, tensor).values).subtracting([0])
        }
        #expect(try kept([:]) == [Float(65536.0 / 6554)])
        #expect(try kept(["divisor": .number(0.25)]) == [4])
        #expect(try kept(["rescale": .flag(false)]) == [1])
        let bad: [CodecSettings] = [
            ["divisor": .number(0.5), "rescale": .flag(false)], ["divisor": .number(0.05)], ["divisor": .number(2)],
            ["drop": .number(1.5)], ["values": .text("int8")], ["seed": .number(1)],
        ]
        for settings in bad {
            let error = #expect(throws: DeltaicError.self) { try LossyRun(.dare, settings, tensor) }
            #expect(error?.code == .badSettings, "\(settings)")
        }
    }

    @Test("by magnitude exactly n - floor(n p) are kept, of equals the first", arguments: [0, 0.3, 0.5, 0.95, 1])
    func magnitude(drop: Double) throws {
        let values = (0..<1000).map { (index: Int) -> Float in
            let magnitude = index % 10 == 0 ? 20 : Float(index % 10)
            return index % 3 == 0 ? -magnitude : magnitude
        }
        let tensor = try LossyTensor.of(values, columns: 10)
        let settings: CodecSettings = ["drop": .number(drop), "selection": .text("magnitude"), "rescale": .flag(false)]
        let found = try LossyRun(.dare, settings, tensor).values
        let order = values.indices.sorted { (-abs(values[$0]), $0) < (-abs(values[$1]), $1) }
        var expected = [Float](repeating: 0, count: 1000)
        for index in order.prefix(1000 - Int(1000 * drop)) { expected[index] = values[index] }
        #expect(found == expected)
    }

    @Test("fp16 values that do not fit are refused, naming the tensor")
    func overflow() throws {
        let tensor = try LossyTensor.of([1e6, 2e6], columns: 2)
        let error = #expect(throws: DeltaicError.self) {
            try LossyRun(.dare, ["drop": .number(0), "values": .text("fp16")], tensor)
        }
        #expect(error?.code == .notFinite)
        #expect(try LossyRun(.dare, ["drop": .number(0), "values": .text("fp32")], tensor).values == [1e6, 2e6])
    }

    @Test("what is planned is what comes", arguments: ["random", "magnitude"], [0.5, 0.9, 0.98])
    func plans(selection: String, drop: Double) throws {
        let tensor = try LossyTensor.gaussian(rows: 700, columns: 1000, seed: 7)
        #expect(tensor.chunkCount == 2)
        let settings: CodecSettings = ["drop": .number(drop), "selection": .text(selection)]
        let run = try LossyRun(.dare, settings, tensor)
        #expect(abs(run.bitsPerWeight(tensor) / run.plan.bitsPerWeight - 1) < 0.02)
        let planned = try #require(run.plan.relativeNoise)
        #expect(abs(run.noise / planned - 1) < 0.04)
        #expect(try run.decoded(tensor) == run.reconstructed)
    }

    @Test("goals are met, and nearly used up", arguments: ["random", "magnitude"])
    func goals(selection: String) throws {
        let tensor = try LossyTensor.gaussian(rows: 512, columns: 1000, seed: 8)
        for bits in [0.1, 0.5, 2, 8] {
            let run = try LossyRun(.dare, ["selection": .text(selection)], goal: .bitsPerWeight(bits), tensor)
            #expect(run.bitsPerWeight(tensor) <= bits * 1.001 && run.bitsPerWeight(tensor) > 0.88 * bits)
        }
        // Rescaled largest values are far off at any rate but the smallest.
        for error in selection == "random" ? [0.05, 0.2, 0.5] : [0.05] {
            let run = try LossyRun(.dare, ["selection": .text(selection)], goal: .relativeError(error), tensor)
            let found = try #require(run.result.quality.relativeError)
            #expect(abs(found / error - 1) < 0.03)
        }
        let error = #expect(throws: DeltaicError.self) {
            try LossyRun(.dare, goal: .bitsPerWeight(1e-6), tensor)
        }
        #expect(error?.code == .unreachable)
        #expect(throws: DeltaicError.self) { try LossyRun(.dare, goal: .relativeError(1e-9), tensor) }
    }
}
