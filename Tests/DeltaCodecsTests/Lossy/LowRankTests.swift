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
            // Of one direction at 16 bits a stream has two thousand bytes: a table more or less shows.
            #expect(abs(real - planned.bitsPerWeight) < max(0.03 * real, 0.0015), "\(planned.bitsPerWeight), \(real)")
            #expect(try stored.decoded().count == tensor.elementCount * 2)
        }
    }
}

@Suite("low-rank: goals and combinations")
struct LowRankCombinationTests {
    @Test("with the identity for second moments the directions are those of the plain decomposition")
    func identity() throws {
        let delta = try DeltaCase.steep(40, 60, power: 1, seed: 51)
        let moments = Matrix(diagonal: [Float](repeating: 1, count: 60))
        let plain = try #require(try LowRankPart.directions(delta, moments: nil, rank: 12, seed: 1))
        let projected = try #require(try LowRankPart.directions(delta, moments: moments, rank: 12, seed: 1))
        #expect(try projected.product().distance(to: plain.product()) < 1e-4)
        // Stored, they are as near to the delta.
        func noise(_ moments: Matrix?) throws -> Double {
            let (tensor, base) = try DeltaCase.tensor(delta, moments: moments)
            let planned = try DeltaCase.plan(.lowRank, ["rank": .number(12), "bits": .number(16)], [tensor])
            return try StoredDelta(planned[0].codec, tensor, base: base).noise
        }
        #expect(abs(try noise(moments) / noise(nil) - 1) < 1e-3)
    }

    @Test(
        "with uneven inputs EoRA lowers the layer's error, also with inputs that are always zero",
        arguments: [2, 4, 16])
    func eora(bits: Int) throws {
        let delta = Matrix.random(80, 100, seed: 52)
        for dead in [0, 30] {
            var hessian = try GPTQTests.hessian(100, samples: 60, seed: 53)
            for index in 0..<dead {
                for other in 0..<100 {
                    hessian[index, other] = 0
                    hessian[other, index] = 0
                }
            }
            func loss(_ eora: String) throws -> Double {
                let (tensor, base) = try DeltaCase.tensor(delta, moments: hessian)
                let settings: CodecSettings = [
                    "rank": .number(20), "bits": .number(Double(bits)), "eora": .text(eora),
                ]
                let planned = try DeltaCase.plan(.lowRank, settings, [tensor])
                let decoded = try StoredDelta(planned[0].codec, tensor, base: base).decoded()
                return try GPTQTests.loss(
                    delta, Matrix(rows: 80, columns: 100, values: tensor.format.values(of: decoded)), hessian)
            }
            let (auto, off) = (try loss("auto"), try loss("off"))
            #expect(auto < off * 0.7)
        }
    }

    @Test("a goal of bits is met and not exceeded", arguments: [0.02, 0.1, 0.5, 1.5])
    func bits(goal: Double) throws {
        let cases = try [(300, 500), (1100, 1000), (64, 2000)].map { rows, columns in
            try DeltaCase.tensor(try DeltaCase.steep(rows, columns, power: 0.5, seed: 54), type: .bfloat16)
        }
        let planned = try DeltaCase.plan(.lowRank, [:], cases.map(\.tensor), .bitsPerWeight(goal))
        var bits = 0.0
        var weights = 0.0
        for (plan, (tensor, base)) in zip(planned, cases) {
            bits += try StoredDelta(plan.codec, tensor, base: base).bitsPerWeight() * Double(tensor.elementCount)
            weights += Double(tensor.elementCount)
        }
        #expect(bits / weights <= goal * 1.03 && bits / weights > goal * 0.93)
        let error = #expect(throws: DeltaicError.self) {
            try DeltaCase.plan(.lowRank, [:], cases.map(\.tensor), .bitsPerWeight(1e-5))
        }
        #expect(error?.code == .unreachable)
    }

    @Test("a goal of error is met", arguments: [2, 3, 4, 8])
    func error(bits: Int) throws {
        let cases = try [(200, 300), (150, 90)].map { rows, columns in
            try DeltaCase.tensor(
                try DeltaCase.steep(rows, columns, power: 1, seed: UInt64(rows)),
                base: Matrix.random(rows, columns, seed: 56))
        }
        let tensors = cases.map(\.tensor)
        let squares = tensors.reduce(0) { $0 + $1.statistics.squareSum }
        let weights = tensors.reduce(0) { $0 + $1.statistics.weightSquareSum }
        for share in [0.7, 0.5] {
            let goal = (squares / weights).squareRoot() * share
            let planned = try DeltaCase.plan(
                .lowRank, ["bits": .number(Double(bits))], tensors, .relativeError(goal))
            var quality = DeltaQuality()
            for (plan, (tensor, base)) in zip(planned, cases) {
                quality.add(try StoredDelta(plan.codec, tensor, base: base).quality)
            }
            let found = (quality.errorSquares / quality.deltaSquares).squareRoot()
            #expect(found < share * 1.05 && found > share * 0.85)
        }
        let error = #expect(throws: DeltaicError.self) {
            try DeltaCase.plan(.lowRank, ["bits": .number(2)], tensors, .relativeError(1e-9))
        }
        #expect(error?.code == .unreachable)
    }

    @Test("after another codec the factors make up for its errors", arguments: ["sparse24", "delta-come", "bitdelta"])
    func after(name: String) throws {
        let (tensor, base) = try DeltaCase.tensor(
            try DeltaCase.steep(1100, 1000, power: 1, seed: 57), type: .bfloat16,

            base: Matrix.random(1100, 1000, seed: 3).scalingRows(by: [Float](repeating: 0.02, count: 1100)))
        let id = try #require(CodecID(name: name))
        let alone = try DeltaCase.plan(id, [:], [tensor])[0]
        let first = try StoredDelta(alone.codec, tensor, base: base)
        let both = try DeltaCase.plan(.lowRank, ["after": .text(name), "rank": .number(20)], [tensor])[0]
        let stored = try StoredDelta(both.codec, tensor, base: base)
        #expect(stored.noise < first.noise)
        #expect(abs(try stored.bitsPerWeight() / both.bitsPerWeight - 1) < 0.03)
        #expect(try stored.decoded().count == base.count)
    }

    @Test("settings of the codec before are its own, and checked")
    func nested() throws {
        _ = try MethodTable.method(
            .lowRank, settings: ["after": .text("sparse24"), "after.bits": .number(2), "bits": .number(3)])
        for settings: CodecSettings in [
            ["after.bits": .number(2)], ["after": .text("sparse24"), "after.bits": .number(3)],
            ["after": .text("sparse24"), "after.x": .number(3)], ["after": .text("low-rank")],
            ["after": .text("exact")], ["after": .text("nothing")], ["bits": .number(5)], ["rank": .number(0)],
            ["eora": .text("on")],
        ] {
            #expect(throws: DeltaicError.self, "\(settings)") { try MethodTable.method(.lowRank, settings: settings) }
        }
        let (tensor, _) = try DeltaCase.tensor(Matrix.random(100, 100, seed: 58))
        let planned = try DeltaCase.plan(
            .lowRank, ["after": .text("sparse24"), "share": .number(0.3)], [tensor], .bitsPerWeight(3))[0]
        #expect(planned.bitsPerWeight <= 3 && planned.bitsPerWeight > 2.5)
        #expect(throws: DeltaicError.self) {
            try DeltaCase.plan(.lowRank, ["after": .text("sparse24")], [tensor], .relativeError(0.1))
        }
    }

    @Test("a part under another codec: what it reports is what it leaves, and a flat spectrum gets none")
    func part() throws {
        let steep = try DeltaCase.steep(300, 400, power: 1.5, seed: 59)
        let (tensor, base) = try DeltaCase.tensor(steep)
        let limit = 0.2 * Double(tensor.elementCount)
        let part = try #require(try LowRankPart(choosing: tensor, maximumBits: limit))
        #expect(part.rank > 0 && [2, 3, 4].contains(part.bits))
        #expect(part.storedBits(of: tensor) <= limit * 1.05)
        let planned = try DeltaCase.plan(
            .lowRank, ["rank": .number(Double(part.rank)), "bits": .number(Double(part.bits))], [tensor])[0]
        let stored = try StoredDelta(planned.codec, tensor, base: base)
        #expect(abs(part.residualSquares / stored.quality.errorSquares - 1) < 0.05)

        struct Both: LossyCodec {
            var id: CodecID { .seededSign }
            let part: LowRankPart
            let other: any LossyCodec
            func encode(
                _ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink
            ) throws(DeltaicError) {
                try part.encode(tensor, then: other, coder: coder, sink: sink)
            }
        }
        let both = try StoredDelta(
            Both(part: part, other: Sparse24Codec(bits: 4, rounding: .plain)), tensor, base: base)
        let alone = try StoredDelta(Sparse24Codec(bits: 4, rounding: .plain), tensor, base: base)
        #expect(both.quality.errorSquares < alone.quality.errorSquares * 0.6)
        #expect(both.chunks[0].streams.count == 1 + 2 + 4)

        let (flat, _) = try DeltaCase.tensor(Matrix.random(300, 400, seed: 60))
        #expect(try LowRankPart(choosing: flat, maximumBits: 1e9, eta: 1.5) == nil)
        #expect(try LowRankPart(choosing: tensor, maximumBits: 100) == nil)
    }
}
