internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("delta-come")
struct DeltaCoMeTests {
    @Test("a sixteenth: 968 columns for an attention layer; quoted and true ratios")
    func ratios() throws {
        let attention = DeltaCoMeBands(rows: 4096, columns: 4096, alpha: 1.0 / 16)
        #expect(attention.description == "8:2,3:32,2:968")
        #expect(attention.quotedRatio(rows: 4096, columns: 4096) == 1.0 / 16)
        #expect(abs(1 / attention.trueRatio(rows: 4096, columns: 4096) - 14.8) < 0.05)
        // 1.45 times the bits of attention, as published, and what the ratio itself allows.
        let published = try DeltaCoMeBands(text: "8:2,3:32,2:1428")
        #expect(abs(1 / published.quotedRatio(rows: 11008, columns: 4096) - 16.09) < 0.005)
        #expect(abs(1 / published.trueRatio(rows: 11008, columns: 4096) - 14.9) < 0.05)
        #expect(DeltaCoMeBands(rows: 11008, columns: 4096, alpha: 1.0 / 16).description == "8:2,3:32,2:1436")
        #expect(DeltaCoMeBands(rows: 5120, columns: 5120, alpha: 1.0 / 16).description == "8:2,3:32,2:1224")
        #expect(DeltaCoMeBands(rows: 13824, columns: 5120, alpha: 1.0 / 16).description == "8:2,3:32,2:1812")
    }

    @Test("bands that there are not are refused")
    func settings() {
        for text in ["", "8", "8:0", "5:3", "8:2,", "8:2,3:-1", "2:9999999999", "x:1"] {
            #expect(throws: DeltaicError.self, "\(text)") {
                try MethodTable.method(.deltaCoMe, settings: ["bands": .text(text)])
            }
        }
        #expect(throws: DeltaicError.self) {
            try MethodTable.method(.deltaCoMe, settings: ["bands": .text("2:4"), "alpha": .number(0.1)])
        }
    }

    @Test("all ranks at 16 bits give the delta back, but for the rounding of the factors")
    func exact() throws {
        for (rows, columns) in [(40, 70), (70, 40), (1, 50), (50, 1), (1, 1)] {
            let (tensor, base) = try DeltaCase.tensor(Matrix.random(rows, columns, seed: 21))
            let planned = try DeltaCase.plan(.deltaCoMe, ["bands": .text("16:20,16:80")], [tensor])
            let stored = try StoredDelta(planned[0].codec, tensor, base: base)
            #expect(stored.noise < 1e-6, "\(rows) x \(columns): \(stored.noise)")
        }
    }

    @Test("bits and noise are about those that were planned", arguments: [1.0 / 16, 1.0 / 8, 1.0 / 40])
    func sizes(alpha: Double) throws {
        let (tensor, base) = try DeltaCase.tensor(
            try DeltaCase.steep(700, 1000, power: 1, seed: 22), type: .bfloat16)
        let planned = try DeltaCase.plan(.deltaCoMe, ["alpha": .number(alpha)], [tensor])[0]
        let stored = try StoredDelta(planned.codec, tensor, base: base)
        let real = try stored.bitsPerWeight()
        #expect(abs(real / planned.bitsPerWeight - 1) < 0.03, "planned \(planned.bitsPerWeight), stored \(real)")
    }

    @Test("a goal of bits is met and not exceeded", arguments: [0.05, 0.3, 0.9])
    func bits(goal: Double) throws {
        let cases = try [(300, 500), (1100, 1000), (64, 2000)].map { rows, columns in
            try DeltaCase.tensor(try DeltaCase.steep(rows, columns, power: 0.5, seed: 23), type: .bfloat16)
        }
        let planned = try DeltaCase.plan(.deltaCoMe, [:], cases.map(\.tensor), .bitsPerWeight(goal))
        var bits = 0.0
        var weights = 0.0
        for (plan, (tensor, base)) in zip(planned, cases) {
            let stored = try StoredDelta(plan.codec, tensor, base: base)
            bits += try stored.bitsPerWeight() * Double(tensor.elementCount)
            weights += Double(tensor.elementCount)
        }
        #expect(bits / weights <= goal * 1.03)
        #expect(bits / weights > goal * 0.9)
        #expect(throws: DeltaicError.self) {
            try DeltaCase.plan(.deltaCoMe, [:], cases.map(\.tensor), .bitsPerWeight(1e-5))
        }
    }

    @Test("a goal of error is met about")
    func error() throws {
        let (tensor, base) = try DeltaCase.tensor(
            try DeltaCase.steep(300, 400, power: 1, seed: 24), base: Matrix.random(300, 400, seed: 25))
        let relative = tensor.statistics.relativeDelta
        for share in [0.8, 0.5] {
            let planned = try DeltaCase.plan(.deltaCoMe, [:], [tensor], .relativeError(relative * share))[0]
            let stored = try StoredDelta(planned.codec, tensor, base: base)
            #expect(stored.noise.squareRoot() < share * 1.1 && stored.noise.squareRoot() > share * 0.8)
        }
        let error = #expect(throws: DeltaicError.self) {
            try DeltaCase.plan(.deltaCoMe, [:], [tensor], .relativeError(relative * 1e-3))
        }
        #expect(error?.code == .unreachable)
    }

    @Test("with moments of uneven inputs GPTQ lowers the layer's error")
    func gptq() throws {
        let delta = try DeltaCase.steep(96, 128, power: 0.5, seed: 26)
        let hessian = try GPTQTests.hessian(128, samples: 400, seed: 27)
        func loss(_ rounding: String) throws -> Double {
            let (tensor, base) = try DeltaCase.tensor(delta, moments: hessian)
            let planned = try DeltaCase.plan(
                .deltaCoMe, ["bands": .text("8:2,3:16,2:40"), "rounding": .text(rounding)], [tensor])
            let decoded = try StoredDelta(planned[0].codec, tensor, base: base).decoded()
            return try GPTQTests.loss(
                delta, Matrix(rows: 96, columns: 128, values: tensor.format.values(of: decoded)), hessian)
        }
        let (plain, gptq) = (try loss("plain"), try loss("gptq"))
        #expect(gptq < plain * 0.95)
        #expect(try loss("auto") == gptq)
    }

    @Test("GPTQ without moments, or with moments of another size, is refused by name")
    func moments() throws {
        let (tensor, base) = try DeltaCase.tensor(Matrix.random(8, 8, seed: 28))
        for name in [CodecID.deltaCoMe, .sparse24] {
            let planned = try DeltaCase.plan(name, ["rounding": .text("gptq")], [tensor])
            let error = #expect(throws: DeltaicError.self) { try StoredDelta(planned[0].codec, tensor, base: base) }
            #expect(error?.code == .badSettings && error?.description.contains("layer.weight") == true)
        }
        let (other, otherBase) = try DeltaCase.tensor(
            Matrix.random(8, 8, seed: 28), moments: Matrix.random(7, 7, seed: 1))
        for name in [CodecID.deltaCoMe, .sparse24, .lowRank] {
            let planned = try DeltaCase.plan(name, [:], [other])
            let error = #expect(throws: DeltaicError.self) {
                try StoredDelta(
                    name == .deltaCoMe
                        ? DeltaCoMeCodec(bands: try DeltaCoMeBands(text: "8:2"), rounding: .auto) : planned[0].codec,
                    other, base: otherBase)
            }
            #expect(error?.code == .codecMisuse)
        }
    }
}
