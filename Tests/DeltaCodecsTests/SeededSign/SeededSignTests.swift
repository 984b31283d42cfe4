import DeltaicCore
import Foundation
import Kernels
import PackFormat
import TestSupport
import Testing

@testable import DeltaCodecs

/// Makes tensors whose deltas are known, and runs the codec on them.
private struct Sample {
    let tensor: DeltaTensor
    let delta: [Float]

    /// A base N(0, 0.02) and a delta N(0, deviation), both FP32 so that rounding hides nothing.
    init(rows: Int, columns: Int, deviation: Float = 1e-3, seed: UInt64 = 1, key: UInt64 = 7, scaled: Bool = false)
        throws
    {
        var random = SeededGenerator(seed: seed)
        var base: [Float] = []
        var tuned: [Float] = []
        for row in 0..<rows {
            let size = scaled ? deviation * pow(2, Float(row % 5)) : deviation
            for _ in 0..<columns {
                base.append(0.02 * Float(random.normal()))
                tuned.append((base.last ?? 0) + size * Float(random.normal()))
            }
        }
        delta = zip(tuned, base).map { $0 - $1 }
        tensor = try DeltaTensor(
            name: "weight", type: .float32, columns: columns, base: Self.bytes(base), fineTuned: Self.bytes(tuned),
            key: key)
    }

    static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    struct Outcome {
        var bits = 0
        var raw: [UInt8] = []
        var quality = DeltaQuality()

        func noise() -> Double { quality.errorSquares / quality.deltaSquares }
    }

    func run(_ codec: any LossyCodec) throws -> Outcome {
        var outcome = Outcome()
        let result = try LossyEncoder(coder: ZstdStream()).run(codec, on: tensor) { chunk, raw in
            outcome.bits += 8 * chunk.storedBytes
            outcome.raw += raw
        }
        outcome.quality = result.quality
        return outcome
    }

    func run(bits: Double, settings: CodecSettings = [:]) throws -> Outcome {
        let method = try MethodTable.method(.seededSign, settings: settings)
        return try run(try #require(try method.plan([tensor], goal: .bitsPerWeight(bits)).first).codec)
    }
}

@Suite struct SeededSignTests {
    @Test(arguments: [0.02, 0.04, 0.08, 0.12, 0.4, 1.0, 1.5, 3.0])
    func theBitsAreThoseThatWereAskedFor(_ bits: Double) throws {
        let sample = try Sample(rows: 1024, columns: 1024)
        let spent = Double(try sample.run(bits: bits).bits) / Double(sample.delta.count)
        #expect(spent <= bits * 1.015 && spent > bits * 0.98, "asked for \(bits), spent \(spent)")
    }

    @Test(arguments: [0.02, 0.12, 0.4, 1.0, 2.0])
    func theProjectionIsKeptAndTheNoiseIsAsPredicted(_ bits: Double) throws {
        let sample = try Sample(rows: 1024, columns: 1024, seed: 2)
        let outcome = try sample.run(bits: bits)
        #expect(abs(try #require(outcome.quality.projection) - 1) < 0.01)
        let predicted = RatePoint.noise(atBits: bits)
        #expect(
            outcome.noise() < predicted * 1.12 && outcome.noise() > predicted * 0.85, "\(outcome.noise()) \(predicted)")
    }

    @Test func noiseIsFarBelowThatOfSeededMasks() throws {
        // (1.57 - p) / p for a random mask of density p with one sign each, methods.md section 13.
        let sample = try Sample(rows: 512, columns: 1024, seed: 3)
        #expect(try sample.run(bits: 0.12).noise() < 0.75 * (1.57 - 0.12) / 0.12)
    }

    @Test func theMeanOverSeedsComesNearTheDelta() throws {
        // The reconstruction has no preference for any element: its mean over seeds is the delta itself, so the error of the mean
        // of n falls as 1 / n.
        var mean = [Float](repeating: 0, count: 64 * 256)
        var single = 0.0
        var delta: [Float] = []
        let count = 32
        for key in 0..<count {
            let sample = try Sample(rows: 64, columns: 256, seed: 4, key: UInt64(1000 + key))
            delta = sample.delta
            let outcome = try sample.run(bits: 0.4)
            let base = try (0..<sample.tensor.chunkCount).flatMap { try sample.tensor.chunk($0).base }
            let values = FloatFormat.binary32.values(of: outcome.raw)
            for index in mean.indices { mean[index] += (values[index] - base[index]) / Float(count) }
            single = outcome.noise()
        }
        let error = zip(mean, delta).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let power = delta.reduce(0.0) { $0 + Double($1 * $1) }
        #expect(error / power < 1.6 * single / Double(count))
    }

    @Test func largeRowsGetMoreBitsThanSmallOnes() throws {
        let sample = try Sample(rows: 1000, columns: 512, seed: 5, scaled: true)
        let even = try Sample(rows: 1000, columns: 512, seed: 5)
        // Rows of five sizes at the price of one: less noise in proportion than rows of one size.
        #expect(try sample.run(bits: 0.2).noise() < 0.9 * even.run(bits: 0.2).noise())
    }

    @Test func aDecayedTensorCostsAFewBytes() throws {
        var random = SeededGenerator(seed: 6)
        let base = (0..<200_000).map { _ in 0.05 * Float(random.normal()) }
        let tensor = try DeltaTensor(
            name: "embedding", type: .float32, columns: 400, base: Sample.bytes(base),
            fineTuned: Sample.bytes(base.map { $0 * 0.999 }))
        let method = try MethodTable.method(.seededSign, settings: [:])
        let plan = try #require(try method.plan([tensor], goal: .bitsPerWeight(0.01)).first)
        var stored = 0
        let result = try LossyEncoder(coder: ZstdStream()).run(plan.codec, on: tensor) { chunk, _ in
            stored += chunk.storedBytes
        }
        #expect(stored <= 300)
        #expect(try #require(result.quality.relativeError) < 1e-4)
    }

    @Test func rowsThatStraddleChunksDecodeInEachAlone() throws {
        // 2^19 FP32 elements a chunk, 700 columns: rows end in other chunks than they begin.
        let sample = try Sample(rows: 1600, columns: 700, seed: 7, scaled: true)
        #expect(sample.tensor.chunkCount == 3)
        let outcome = try sample.run(bits: 0.3)
        #expect(abs(try #require(outcome.quality.projection) - 1) < 0.02)
        #expect(outcome.raw.count == 4 * sample.delta.count)
    }

    @Test func ratesGoByTheSizeOfTheDelta() throws {
        let small = try Sample(rows: 256, columns: 256, deviation: 1e-4, seed: 8).tensor
        let large = try Sample(rows: 256, columns: 256, deviation: 4e-4, seed: 9).tensor
        let plan = try MethodTable.method(.seededSign, settings: [:]).plan([small, large], goal: .bitsPerWeight(0.1))
        #expect(abs(plan[1].bitsPerWeight / plan[0].bitsPerWeight - 4) < 0.1)
        #expect(abs(plan[0].bitsPerWeight + plan[1].bitsPerWeight - 0.2) < 1e-6)
        let even = try MethodTable.method(.seededSign, settings: ["allocation": .text("even")])
        let rates = try even.plan([small, large], goal: .bitsPerWeight(0.1)).map(\.bitsPerWeight)
        #expect(abs(rates[0] - rates[1]) < 1e-6)
    }

    @Test func anErrorTargetIsMet() throws {
        let sample = try Sample(rows: 512, columns: 512, deviation: 4e-4, seed: 10)
        let plan = try MethodTable.method(.seededSign, settings: [:]).plan([sample.tensor], goal: .relativeError(0.05))
        let planned = try #require(plan.first)
        let outcome = try sample.run(planned.codec)
        let error = try #require(outcome.quality.relativeError)
        #expect(error < 0.055 && error > 0.045, "\(error)")
    }

    @Test(arguments: [(1, 1), (1, 5), (3, 1), (2, 3), (40, 1)])
    func tinyTensorsComeBackWhole(_ shape: (Int, Int)) throws {
        let sample = try Sample(rows: shape.0, columns: shape.1, seed: 11)
        for bits in [0.01, 1, 4.0] {
            let outcome = try sample.run(bits: bits)
            #expect(outcome.raw.count == 4 * shape.0 * shape.1)
            #expect(outcome.quality.errorSquares.isFinite)
        }
    }

    @Test func aDeltaOfZerosTakesNoTerm() throws {
        let base = Sample.bytes((0..<64).map { Float($0) })
        let tensor = try DeltaTensor(name: "same", type: .float32, columns: 8, base: base, fineTuned: base)
        let plan = try MethodTable.method(.seededSign, settings: [:]).plan([tensor], goal: .settings)
        var raw: [UInt8] = []
        _ = try LossyEncoder(coder: ZstdStream()).run(try #require(plan.first).codec, on: tensor) { raw += $1 }
        #expect(raw == base)
    }

    @Test(arguments: [1e-30, 1e18, 1e25] as [Float])
    func deltasNearTheEndsOfBinary32AreNoTrap(_ deviation: Float) throws {
        let sample = try Sample(rows: 96, columns: 128, deviation: deviation, seed: 14)
        for bits in [0.02, 0.3, 1.5] {
            let outcome = try sample.run(bits: bits)
            #expect(outcome.raw.count == 4 * 96 * 128)
            // A delta of 1e-30 is lost in the rounding of the base.
            if deviation > 1 { #expect(abs(try #require(outcome.quality.projection) - 1) < 0.05) }
        }
    }

    @Test func settingsThatDoNotExistAreRefused() throws {
        #expect(throws: DeltaicError.self) { try MethodTable.method(.seededSign, settings: ["bitz": .number(1)]) }
        #expect(throws: DeltaicError.self) { try MethodTable.method(.seededSign, settings: ["bits": .number(-1)]) }
        #expect(throws: DeltaicError.self) { try MethodTable.method(.seededSign, settings: ["gain": .text("much")]) }
    }

    @Test func damagedStreamsAreRefusedOrDecodeToSomething() throws {
        let sample = try Sample(rows: 60, columns: 50, seed: 12, scaled: true)
        let coder = ZstdStream()
        var chunk: EncodedChunk?
        let method = try MethodTable.method(.seededSign, settings: [:])
        let codec = try #require(try method.plan([sample.tensor], goal: .bitsPerWeight(1.3)).first).codec
        _ = try LossyEncoder(coder: coder).run(codec, on: sample.tensor) { made, _ in chunk = made }
        let streams = try #require(chunk).streams
        let words = try sample.tensor.chunk(0).baseWords
        let shape = ChunkShape(type: .float32, elementCount: 3000)
        var random = SeededGenerator(seed: 13)
        for _ in 0..<3000 {
            var damaged = streams
            let victim = Int(random.next() % UInt64(damaged.count))
            var bytes = damaged[victim].bytes
            if random.next() % 3 == 0 {
                bytes = Array(bytes.prefix(Int(random.next() % UInt64(bytes.count + 1))))
            } else if !bytes.isEmpty {
                bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
            }
            damaged[victim] = EncodedStream(
                encoding: damaged[victim].encoding,
                rawLength: damaged[victim].encoding == .stored ? bytes.count : damaged[victim].rawLength, bytes: bytes)
            let raw = try? LossyChunk.decode(
                damaged, shape: shape, base: words, shared: NoSharedBytes(), coder: coder)
            #expect(raw == nil || raw?.count == 12_000)
        }
    }
}
