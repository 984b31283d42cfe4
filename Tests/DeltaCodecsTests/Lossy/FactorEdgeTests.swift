internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("low-rank, delta-come and sparse24 at the edges")
struct FactorEdgeTests {
    private static let codecs: [(id: CodecID, settings: CodecSettings)] = [
        (.lowRank, [:]), (.lowRank, ["bits": .number(2), "group": .number(8), "rank": .number(9)]),
        (.lowRank, ["bits": .number(16)]), (.deltaCoMe, [:]), (.deltaCoMe, ["bands": .text("16:1,8:2,4:3,3:4,2:5")]),
        (.sparse24, ["bits": .number(2)]), (.sparse24, [:]),
    ]

    @Test("odd shapes decode to what was measured", arguments: codecs.indices)
    func shapes(index: Int) throws {
        let (id, settings) = Self.codecs[index]
        for (rows, columns) in [(1, 1), (1, 2), (1, 77), (77, 1), (2, 2), (5, 300), (300, 5), (33, 130)] {
            for type in [ElementType.bfloat16, .float32] {
                let (tensor, base) = try DeltaCase.tensor(
                    Matrix.random(rows, columns, seed: 41), type: type, base: Matrix.random(rows, columns, seed: 42))
                let planned = try DeltaCase.plan(id, settings, [tensor])[0]
                let stored = try StoredDelta(planned.codec, tensor, base: base)
                var quality = DeltaQuality()
                quality.add(try tensor.chunk(0), reconstructed: try stored.decoded(), format: tensor.format)
                #expect(quality == stored.quality, "\(id) \(rows) x \(columns)")
                #expect(stored.noise <= 1.1, "\(id) \(rows) x \(columns): \(stored.noise)")
            }
        }
    }

    @Test("a delta of zeros has no terms and takes nothing", arguments: codecs.indices)
    func zeros(index: Int) throws {
        let (id, settings) = Self.codecs[index]
        let (tensor, base) = try DeltaCase.tensor(Matrix(rows: 20, columns: 30), base: Matrix.random(20, 30, seed: 43))
        let planned = try DeltaCase.plan(id, settings, [tensor])[0]
        #expect(planned.bitsPerWeight == 0)
        let stored = try StoredDelta(planned.codec, tensor, base: base)
        #expect(stored.chunks[0].streams.count == 1 && stored.shared.isEmpty)
        #expect(try stored.decoded() == base)
    }

    @Test("a delta of low rank, or of one row, is found with few directions; ranks past that are not stored")
    func deficient() throws {
        let thin = try Matrix.random(50, 3, seed: 44).times(Matrix.random(3, 60, seed: 45))
        var single = Matrix(rows: 50, columns: 60)
        for column in 0..<60 { single[7, column] = Float(column) - 20 }
        for (delta, rank) in [(thin, 3), (single, 1)] {
            let (tensor, base) = try DeltaCase.tensor(delta)
            let part = try #require(try LowRankPart(tensor, rank: 40, settings: .init(bits: 16)))
            #expect(part.rank == rank)
            let planned = try DeltaCase.plan(
                .lowRank, ["rank": .number(40), "bits": .number(16)], [tensor])[0]
            #expect(try StoredDelta(planned.codec, tensor, base: base).noise < 1e-6)
            let bands = try DeltaCase.plan(.deltaCoMe, ["bands": .text("16:2,8:30")], [tensor])[0]
            #expect(try StoredDelta(bands.codec, tensor, base: base).noise < 1e-3)
        }
    }

    @Test("rows that no training touched stay untouched: levels at 0 are chosen for them")
    func sparseRows() throws {
        var delta = Matrix(rows: 400, columns: 64)
        let active = Matrix.random(20, 64, seed: 46)
        for row in 0..<20 {
            for column in 0..<64 { delta[row * 20, column] = active[row, column] }
        }
        let (tensor, base) = try DeltaCase.tensor(delta)
        for bits in [2, 4] {
            let planned = try DeltaCase.plan(.lowRank, ["bits": .number(Double(bits)), "rank": .number(20)], [tensor])
            let decoded = tensor.format.values(
                of: try StoredDelta(planned[0].codec, tensor, base: base).decoded())
            #expect(decoded[64..<128].allSatisfy { abs($0) < 1e-5 })
        }
    }

    @Test("huge and tiny deltas keep their precision, or are refused in words")
    func sizes() throws {
        for exponent in [-50, -20, 0, 15] {
            let scale = Float(sign: .plus, exponent: exponent, significand: 1)
            let delta = Matrix.random(20, 30, seed: 47).scalingRows(by: [Float](repeating: scale, count: 20))
            let (tensor, base) = try DeltaCase.tensor(delta)
            for (id, settings): (CodecID, CodecSettings) in [
                (.lowRank, ["bits": .number(8), "rank": .number(20)]), (.deltaCoMe, ["bands": .text("8:20")]),
            ] {
                let planned = try DeltaCase.plan(id, settings, [tensor])[0]
                #expect(try StoredDelta(planned.codec, tensor, base: base).noise < 1e-3, "2^\(exponent)")
            }
        }
        let (tensor, base) = try DeltaCase.tensor(
            Matrix.random(20, 30, seed: 48).scalingRows(by: [Float](repeating: 0x1p90, count: 20)))
        for id in [CodecID.lowRank, .deltaCoMe] {
            let planned = try DeltaCase.plan(id, id == .lowRank ? [:] : ["bands": .text("8:20")], [tensor])[0]
            let error = #expect(throws: DeltaicError.self) { try StoredDelta(planned.codec, tensor, base: base) }
            #expect(error?.code == .unsupported || error?.code == .notFinite)
        }
    }
}
