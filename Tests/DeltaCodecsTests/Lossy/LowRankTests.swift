internal import DeltaicCore
internal import Kernels
internal import PackFormat
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("low-rank")
struct LowRankTests {
    @Test("all ranks at 16 bits give the delta back, but for the rounding of the factors")
    func exact() throws {
        for (rows, columns) in [(40, 70), (70, 40), (33, 33), (1, 50), (50, 1), (1, 1)] {
            let delta = Matrix.random(rows, columns, seed: UInt64(rows))
            let (tensor, base) = try DeltaCase.tensor(delta)
            let planned = try DeltaCase.plan(.lowRank, ["rank": .number(1000), "bits": .number(16)], [tensor])
            let stored = try StoredDelta(planned[0].codec, tensor, base: base)
            #expect(stored.noise < 1e-6, "\(rows) x \(columns): \(stored.noise)")
            #expect((stored.quality.relativeError ?? 1) < 1e-3)
        }
    }

    @Test("what is stored decodes to what the encoder measured", arguments: [ElementType.float32, .bfloat16, .float16])
    func decodes(type: ElementType) throws {
        let (tensor, base) = try DeltaCase.tensor(
            try DeltaCase.steep(60, 100, power: 1, seed: 5), type: type, base: Matrix.random(60, 100, seed: 7))
        for bits in [2, 3, 4, 8, 16] {
            let planned = try DeltaCase.plan(.lowRank, ["rank": .number(9), "bits": .number(Double(bits))], [tensor])
            let stored = try StoredDelta(planned[0].codec, tensor, base: base)
            var quality = DeltaQuality()
            quality.add(try tensor.chunk(0), reconstructed: try stored.decoded(), format: tensor.format)
            #expect(quality == stored.quality)
        }
    }

    @Test("sizes are those that were planned", arguments: [2, 3, 4, 8, 16])
    func sizes(bits: Int) throws {
        // Rows straddle chunks: 1,000 does not divide 2^20.
        let (tensor, base) = try DeltaCase.tensor(
            try DeltaCase.steep(1100, 1000, power: 1, seed: 11), type: .bfloat16)
        for goal in [RateGoal.settings, .bitsPerWeight(0.2), .bitsPerWeight(0.05)] {
            let planned = try DeltaCase.plan(.lowRank, ["bits": .number(Double(bits))], [tensor], goal)[0]
            let stored = try StoredDelta(planned.codec, tensor, base: base)
            let real = try stored.bitsPerWeight()
            print("bits \(bits): planned \(planned.bitsPerWeight), real \(real), noise \(stored.noise)")
            #expect(abs(real / planned.bitsPerWeight - 1) < 0.03, "planned \(planned.bitsPerWeight), stored \(real)")
            #expect(try stored.decoded().count == tensor.elementCount * 2)
        }
    }
}
