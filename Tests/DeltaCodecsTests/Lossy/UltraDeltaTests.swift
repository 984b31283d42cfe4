internal import DeltaicCore
internal import Foundation
internal import Kernels
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

@Suite("ultradelta")
struct UltraDeltaTests {
    private func tensor(_ name: String, _ count: Int, _ spread: Double) -> UltraDeltaRates.Tensor {
        .init(name: name, count: count, spread: spread)
    }

    @Test("the mean of the rates over elements is s, and tensors of less spread are pruned more")
    func codeRates() {
        var generator = SeededGenerator(seed: 20)
        for trial in 0..<50 {
            let tensors = (0..<Int.random(in: 1...40, using: &generator)).map {
                tensor(
                    "t\($0)", Int.random(in: 1...5000, using: &generator), Double.random(in: 0...1, using: &generator))
            }
            let rates = UltraDeltaRates.rates(tensors, sparsity: 0.9, step: 0.02, mode: .code)
            let total = Double(tensors.reduce(0) { $0 + $1.count })
            let mean = zip(rates, tensors).reduce(0) { $0 + $1.0 * Double($1.1.count) } / total
            // The solved rate is clipped where a small tensor would have to make up for much.
            if rates.allSatisfy({ $0 < 0.99 && $0 > 0 }) {
                #expect(abs(mean - 0.9) < 1e-9, "trial \(trial), seed 20")
            }
            let order = tensors.indices.sorted { tensors[$0].spread < tensors[$1].spread }
            #expect(order.map { rates[$0] } == order.map { rates[$0] }.sorted(by: >))
        }
    }

    @Test("thirds of elements, a tensor across a border in the upper one; thirds of tensors in the paper")
    func thirds() {
        let tensors = [tensor("c", 30, 3), tensor("a", 30, 1), tensor("b", 31, 2), tensor("d", 29, 4)]
        // Ordered a, b, c, d; ends at 30, 61, 91, 120 of 120: a is low, b middle, c and d top.
        let code = UltraDeltaRates.rates(tensors, sparsity: 0.9, step: 0.03, mode: .code)
        #expect(code[1] == 0.93 && code[2] == 0.9)
        #expect(code[0] == code[3] && abs(code[0] - (0.9 * 120 - 0.93 * 30 - 0.9 * 31) / 59) < 1e-12)
        let paper = UltraDeltaRates.rates(tensors, sparsity: 0.9, step: 0.03, mode: .paper)
        #expect(paper.map { ($0 * 100).rounded() } == [90, 93, 93, 87])
        // One tensor has s; ties go by name.
        #expect(UltraDeltaRates.rates([tensor("a", 5, 0)], sparsity: 0.9, step: 0.1, mode: .paper) == [0.9])
        #expect(UltraDeltaRates.rates([tensor("a", 5, 0)], sparsity: 0.9, step: 0.1, mode: .code) == [0.9])
        let ties = UltraDeltaRates.rates(
            [tensor("z", 5, 1), tensor("y", 5, 1), tensor("x", 5, 1)], sparsity: 0.5, step: 0.1, mode: .paper)
        #expect(ties == [0.4, 0.5, 0.6])
        // The solved rate is at most 0.99.
        #expect(UltraDeltaRates.rates([tensor("a", 5, 0)], sparsity: 0.995, step: 0.001, mode: .code) == [0.99])
    }

    @Test("of every value n - round(n r) are kept, over all chunks together", arguments: [0.5, 0.9, 0.97])
    func keptPerValue(sparsity: Double) throws {
        let tensor = try LossyTensor.gaussian(rows: 700, columns: 1000, seed: 21)
        #expect(tensor.chunkCount == 2)
        let settings: CodecSettings = ["sparsity": .number(sparsity), "step": .number(0)]
        let run = try LossyRun(.ultraDelta, settings, tensor)
        let grid = UniformGrid(lowest: tensor.statistics.minimum, highest: tensor.statistics.maximum, bits: 4)
        let all = grid.codes(of: try tensor.wholeDelta())
        var counts = [Int](repeating: 0, count: 16)
        for code in all { counts[Int(code)] += 1 }
        var kept = [Int](repeating: 0, count: 16)
        for chunk in 0..<2 {
            let range = tensor.elementRange(ofChunk: chunk)
            let positions = try PositionStream.decode(
                run.chunks[chunk].streams[2], count: range.count, coder: PlainStreams())
            let codes = try #require(
                PackedBits.unpack(try run.stream(3, ofChunk: chunk), count: positions.count, bits: 4))
            for (position, code) in zip(positions, codes) {
                #expect(all[range.lowerBound + Int(position)] == code)
                kept[Int(code)] += 1
            }
        }
        // One tensor has the rate s.
        #expect(kept == counts.map { $0 - Int((Double($0) * sparsity).rounded(.toNearestOrEven)) })
        #expect(try run.decoded(tensor) == run.reconstructed)
    }

    @Test(
        "a 4096 x 4096 BF16 delta takes 4 d + H(d) bits for a weight, all headers included",
        arguments: [0.95, 0.97, 0.99])
    func publishedSize(sparsity: Double) throws {
        let tensor = try LossyTensor.gaussian(.bfloat16, rows: 4096, columns: 4096, seed: 22)
        let run = try LossyRun(.ultraDelta, ["sparsity": .number(sparsity)], tensor)
        let density = 1 - sparsity
        let accounted = 4 * density - density * log2(density) - sparsity * log2(sparsity)
        let found = run.bitsPerWeight(tensor)
        #expect(found < 1.01 * accounted && found > 0.99 * accounted, "\(found) of \(accounted)")
        #expect(abs(run.plan.bitsPerWeight / found - 1) < 0.002)
        let seeded = try LossyRun(
            .ultraDelta, ["sparsity": .number(sparsity), "mask": .text("seeded")], tensor)
        #expect(abs(seeded.bitsPerWeight(tensor) / (4 * density) - 1) < 0.02)
    }

    @Test("equal deltas are one constant, none are nothing, one element is itself")
    func constants() throws {
        let constant = try LossyRun(.ultraDelta, try LossyTensor.of([Float](repeating: 0.7, count: 300), columns: 10))
        #expect(constant.values == [Float](repeating: 0.7, count: 300))
        #expect(constant.chunks[0].storedBytes < 20 && constant.noise == 0)
        let zero = try LossyRun(.ultraDelta, try LossyTensor.of([Float](repeating: 0, count: 300)))
        #expect(zero.chunks[0].streams.count == 1)
        #expect(try LossyRun(.ultraDelta, try LossyTensor.of([3])).values == [3])
    }

    @Test("a step that leaves no room is refused, and says which does")
    func tooSparse() throws {
        let tensor = try LossyTensor.of([1, 2, 3, 4])
        for settings: CodecSettings in [
            ["sparsity": .number(0.995)], ["sparsity": .number(0.995), "step": .number(0.01)],
            ["step": .number(0.1)],
        ] {
            let error = #expect(throws: DeltaicError.self) { try LossyRun(.ultraDelta, settings, tensor) }
            #expect(error?.code == .badSettings, "\(settings)")
        }
        _ = try LossyRun(.ultraDelta, ["sparsity": .number(0.99), "step": .number(0.01)], tensor)
        for bad: CodecSettings in [
            ["gamma": .number(0.4), "mode": .text("paper")], ["gamma": .number(1.1)], ["bits": .number(1)],
            ["clip": .number(0.1)], ["mask": .text("none")],
        ] {
            let error = #expect(throws: DeltaicError.self) { try LossyRun(.ultraDelta, bad, tensor) }
            #expect(error?.code == .badSettings, "\(bad)")
        }
    }

    @Test("kept values are divided by 1 - s, by 1 - the tensor's rate, or by what is kept; f and gamma multiply")
    func rescale() throws {
        let small = try LossyTensor.gaussian(rows: 100, columns: 100, deviation: 0.001, seed: 23)
        let large = try LossyTensor.gaussian(rows: 200, columns: 100, deviation: 0.004, seed: 24)
        func factors(_ settings: CodecSettings) throws -> [Float] {
            let method = try MethodTable.method(
                .ultraDelta, settings: settings.merging(["sparsity": .number(0.9), "step": .number(0.05)]) { $1 })
            return try method.plan([large, small], goal: .settings).compactMap {
                ($0.codec as? UltraDeltaCodec)?.factor
            }
        }
        #expect(try factors([:]) == [10, 10])
        // The smaller deltas are exactly a third: the rate is 0.95, and 0.875 is left for the others.
        #expect(try factors(["rescale": .text("layer")]).map { ($0 * 1000).rounded() } == [8000, 20000])
        let unbiased = try factors(["rescale": .text("unbiased")])
        #expect(abs(unbiased[0] / 8 - 1) < 0.01 && abs(unbiased[1] / 20 - 1) < 0.02)
        #expect(try factors(["gamma": .number(0.5), "factor": .number(1.5)]) == [7.5, 7.5])
        // A single model has gamma 1.
        #expect(try factors(["gamma": .number(1)]) == factors([:]))
    }

    @Test("paper and code order tensors by the deltas before and after quantization")
    func order() throws {
        // One outlier makes the grid so coarse that all others become the same.
        let outlier = try LossyTensor.make(rows: 30, columns: 100, seed: 25) { position, generator in
            position == 7 ? 5 : generator.normal() * 0.002
        }
        let survey = try UltraDeltaSurvey.make(outlier, options: options([:]))
        let deviation = try #require(survey?.quantizedDeviation)
        #expect(abs(deviation / outlier.statistics.deviation - 1) < 0.1)
        let values = try #require(survey).grid.levels
        let codes = try #require(survey).grid.codes(of: try outlier.wholeDelta())
        let quantized = codes.map { Double(values[Int($0)]) }
        let mean = quantized.reduce(0, +) / 3000
        let direct = (quantized.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2999).squareRoot()
        #expect(abs(deviation / direct - 1) < 1e-9)
    }

    private func options(_ settings: CodecSettings) throws -> UltraDeltaOptions {
        var reader = SettingsReader(settings, codec: .ultraDelta)
        return try UltraDeltaOptions(&reader)
    }

    @Test("codes of a byte that go through the entropy stage are smaller, and decode to the same")
    func entropyCodes() throws {
        // Heavy tails: most codes are equal.
        let tensor = try LossyTensor.make(rows: 300, columns: 1000, seed: 26) { _, generator in
            let normal = generator.normal()
            return normal * normal * normal * 0.001
        }
        let settings: CodecSettings = ["sparsity": .number(0.8)]
        let plain = try LossyRun(.ultraDelta, settings, tensor)
        let coded = try LossyRun(.ultraDelta, settings.merging(["codes": .text("entropy")]) { $1 }, tensor)
        #expect(plain.reconstructed == coded.reconstructed)
        #expect(coded.bitsPerWeight(tensor) < 0.8 * plain.bitsPerWeight(tensor))
        #expect(abs(coded.bitsPerWeight(tensor) / coded.plan.bitsPerWeight - 1) < 0.03)
        #expect(try coded.decoded(tensor) == coded.reconstructed)
    }

    @Test("a clipped grid is nearer where there are outliers")
    func clipped() throws {
        let tensor = try LossyTensor.make(rows: 300, columns: 1000, seed: 27) { position, generator in
            position % 1000 == 7 ? generator.normal() * 0.05 : generator.normal() * 0.001
        }
        let settings: CodecSettings = ["sparsity": .number(0), "step": .number(0), "grid": .text("clipped")]
        let clipped = try LossyRun(
            .ultraDelta, settings.merging(["clip": .number(0.002)]) { $1 }, tensor)
        let survey = try #require((clipped.plan.codec as? UltraDeltaCodec)?.survey)
        #expect(survey.grid.highest < 0.01 && survey.grid.lowest > -0.01)
        let whole = try LossyRun(
            .ultraDelta, ["sparsity": .number(0), "step": .number(0)], tensor)
        // For all but the outliers the error is that of a much finer grid.
        func error(_ run: LossyRun) throws -> Float {
            let delta = try tensor.wholeDelta()
            let base = try tensor.chunk(0).base
            let values = run.values
            return delta.indices.filter { $0 % 1000 != 7 }.reduce(0) {
                $0 + abs(values[$1] - base[$1] - delta[$1])
            }
        }
        #expect(try error(clipped) < 0.3 * error(whole))
    }

    @Test("quantiles leave at most the share outside")
    func quantiles() {
        var quantiles = ValueQuantiles()
        let values = (0..<10_000).map { Float($0) - 5000 }
        quantiles.add(values)
        let range = quantiles.range(cutting: 0.01)
        #expect(values.count { $0 < range.lowest } <= 100 && values.count { $0 < range.lowest } > 0)
        #expect(values.count { $0 > range.highest } <= 100 && values.count { $0 > range.highest } > 0)
        #expect(quantiles.range(cutting: 0).lowest <= -5000 && quantiles.range(cutting: 0).highest >= 4999)
    }

    @Test("over keys, the sum of the unbiased delta is that of the quantized delta", arguments: ["values", "seeded"])
    func unbiased(mask: String) throws {
        var total = 0.0
        var squares = 0.0
        var sum = 0.0
        for key in 0..<40 as Range<UInt64> {
            let tensor = try LossyTensor.of((0..<4000).map { Float($0 % 16) - 5 }, columns: 100, key: key)
            let settings: CodecSettings = [
                "sparsity": .number(0.75), "rescale": .text("unbiased"), "mask": .text(mask),
            ]
            let run = try LossyRun(.ultraDelta, settings, tensor)
            total += run.values.reduce(0) { $0 + Double($1) }
            sum += tensor.statistics.sum
            squares += 3 * tensor.statistics.squareSum
        }
        #expect(abs(total - sum) < 4 * squares.squareRoot())
    }

    @Test(
        "what is planned is what comes", arguments: ["values", "seeded"],
        [RateGoal.settings, .bitsPerWeight(0.4), .bitsPerWeight(1.5), .relativeError(0.25)])
    func plans(mask: String, goal: RateGoal) throws {
        let tensors = [
            try LossyTensor.gaussian(rows: 700, columns: 1000, deviation: 0.001, seed: 28),
            try LossyTensor.gaussian(rows: 300, columns: 500, deviation: 0.002, seed: 29),
            try LossyTensor.gaussian(rows: 600, columns: 700, deviation: 0.004, seed: 30),
        ]
        for (mode, codes) in [("paper", "plain"), ("code", "plain"), ("code", "entropy")] {
            let method = try MethodTable.method(
                .ultraDelta, settings: ["mask": .text(mask), "codes": .text(codes), "mode": .text(mode)])
            var bits = 0.0
            var weights = 0.0
            var quality = DeltaQuality()
            for (tensor, plan) in zip(tensors, try method.plan(tensors, goal: goal)) {
                let run = try LossyRun(plan: plan, of: tensor)
                #expect(abs(run.bitsPerWeight(tensor) / plan.bitsPerWeight - 1) < 0.03)
                let planned = try #require(plan.relativeNoise)
                #expect(abs(run.noise / planned - 1) < 0.05)
                bits += run.bitsPerWeight(tensor) * Double(tensor.elementCount)
                weights += Double(tensor.elementCount)
                quality.add(run.result.quality)
            }
            switch goal {
            case .settings: break
            case .bitsPerWeight(let limit): #expect(bits / weights <= limit && bits / weights > 0.97 * limit)
            case .relativeError(let limit):
                let error = try #require(quality.relativeError)
                #expect(abs(error / limit - 1) < 0.03)
            }
        }
    }

    @Test("what cannot be reached is refused with advice")
    func unreachable() throws {
        let tensor = try LossyTensor.gaussian(rows: 100, columns: 1000, seed: 31)
        for goal in [RateGoal.bitsPerWeight(0.01), .relativeError(1e-6)] {
            let error = #expect(throws: DeltaicError.self) { try LossyRun(.ultraDelta, goal: goal, tensor) }
            #expect(error?.code == .unreachable)
        }
        let paper = try LossyRun(.ultraDelta, ["mode": .text("paper")], goal: .bitsPerWeight(0.02), tensor)
        #expect(paper.bitsPerWeight(tensor) <= 0.02)
    }
}
