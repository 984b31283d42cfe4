internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

@Suite("sparse24")
struct Sparse24Tests {
    @Test("of every four columns two are kept: those with the larger magnitudes", arguments: [2, 4])
    func pattern(bits: Int) throws {
        for columns in [1, 2, 3, 4, 5, 10, 128] {
            let delta = Matrix.random(30, columns, seed: UInt64(columns))
            let (tensor, base) = try DeltaCase.tensor(delta)
            let planned = try DeltaCase.plan(.sparse24, ["bits": .number(Double(bits))], [tensor])
            let values = tensor.format.values(of: try StoredDelta(planned[0].codec, tensor, base: base).decoded())
            for row in 0..<30 {
                var largest: Float = 0
                for column in 0..<columns { largest = max(largest, delta[row, column].magnitude) }
                let step = 2 * largest / Float(1 << bits - 1)
                for start in stride(from: 0, to: columns, by: 4) {
                    let lanes = start..<min(start + 4, columns)
                    let order = lanes.sorted { delta[row, $0].magnitude > delta[row, $1].magnitude }
                    for lane in order.dropFirst(2) { #expect(values[row * columns + lane] == 0) }
                    for lane in order.prefix(2) {
                        // No level is above 2^(bits - 1) - 1 steps.
                        let value = min(delta[row, lane], Float(1 << (bits - 1) - 1) * step)
                        #expect(abs(values[row * columns + lane] - value) < 0.51 * step)
                    }
                }
            }
        }
    }

    @Test("packed sizes: two codes, a pattern of six and a scale", arguments: [2, 4])
    func packed(bits: Int) throws {
        let (tensor, base) = try DeltaCase.tensor(Matrix.random(64, 1000, seed: 31), type: .bfloat16)
        let planned = try DeltaCase.plan(.sparse24, ["bits": .number(Double(bits))], [tensor])[0]
        let stored = try StoredDelta(planned.codec, tensor, base: base)
        let raw = stored.chunks[0].streams.dropFirst().map(\.rawLength)
        #expect(raw == [2, 128, (16_000 + 2) / 3, 16_000 * 2 * bits / 8])
        let real = try stored.bitsPerWeight()
        #expect(abs(real / planned.bitsPerWeight - 1) < 0.03)
        #expect(abs(stored.noise / (planned.relativeNoise ?? 0) - 1) < 0.03)
    }

    @Test("chunks that cut rows and groups change nothing")
    func chunks() throws {
        // 1,001 columns and 2^19 elements to a chunk of FP32: groups are cut.
        let delta = Matrix.random(1100, 1001, seed: 32)
        let (tensor, base) = try DeltaCase.tensor(delta)
        #expect(tensor.chunkCount == 3)
        let planned = try DeltaCase.plan(.sparse24, [:], [tensor])[0]
        let stored = try StoredDelta(planned.codec, tensor, base: base)
        let values = tensor.format.values(of: try stored.decoded())
        let whole = try SparseGPT(bits: 4).quantize(delta, hessian: nil).matrix.values.values
        #expect(values == whole)
        #expect(abs(try stored.bitsPerWeight() / planned.bitsPerWeight - 1) < 0.03)
    }

    @Test("with moments of uneven inputs SparseGPT lowers the layer's error, chunks or none", arguments: [2, 4])
    func gptq(bits: Int) throws {
        let delta = Matrix.random(96, 130, seed: 33)
        let hessian = try GPTQTests.hessian(130, samples: 400, seed: 34)
        func loss(_ rounding: String) throws -> Double {
            let (tensor, base) = try DeltaCase.tensor(delta, moments: hessian)
            let planned = try DeltaCase.plan(
                .sparse24, ["bits": .number(Double(bits)), "rounding": .text(rounding)], [tensor])
            let decoded = try StoredDelta(planned[0].codec, tensor, base: base).decoded()
            return try GPTQTests.loss(
                delta, Matrix(rows: 96, columns: 130, values: tensor.format.values(of: decoded)), hessian)
        }
        #expect(try loss("auto") < loss("plain") * 0.8)
    }

    @Test("goals: bits go where they take most noise away, and what cannot be is refused")
    func goals() throws {
        let small = try DeltaCase.tensor(
            Matrix.random(40, 64, seed: 35).scalingRows(by: [Float](repeating: 0.001, count: 40)),
            base: Matrix.random(40, 64, seed: 37))
        let large = try DeltaCase.tensor(Matrix.random(40, 64, seed: 36), base: Matrix.random(40, 64, seed: 38))
        let tensors = [small.tensor, large.tensor]
        let free = try DeltaCase.plan(.sparse24, [:], tensors, .bitsPerWeight(8))
        #expect(free.allSatisfy { ($0.codec as? Sparse24Codec)?.bits == 4 })
        let tight = try DeltaCase.plan(.sparse24, [:], tensors, .bitsPerWeight(2.7))
        #expect(tight.map { ($0.codec as? Sparse24Codec)?.bits } == [2, 4])
        #expect(tight.reduce(0) { $0 + $1.bitsPerWeight } / 2 <= 2.7)
        for settings: CodecSettings in [[:], ["bits": .number(4)]] {
            let error = #expect(throws: DeltaicError.self) {
                try DeltaCase.plan(.sparse24, settings, tensors, .bitsPerWeight(1))
            }
            #expect(error?.code == .unreachable && error?.advice != nil)
        }
        let relative =
            (tensors.reduce(0) { $0 + $1.statistics.squareSum }
            / tensors.reduce(0) { $0 + $1.statistics.weightSquareSum }).squareRoot()
        let loose = try DeltaCase.plan(.sparse24, [:], tensors, .relativeError(relative))
        #expect(loose.allSatisfy { ($0.codec as? Sparse24Codec)?.bits == 2 })
        let error = #expect(throws: DeltaicError.self) {
            try DeltaCase.plan(.sparse24, [:], tensors, .relativeError(relative / 10))
        }
        #expect(error?.code == .unreachable)
    }
}
