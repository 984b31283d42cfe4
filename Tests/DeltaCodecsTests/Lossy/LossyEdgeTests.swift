internal import DeltaicCore
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

/// The settings that tests of all methods go through.
enum LossySettings {
    static let all: [(codec: CodecID, settings: CodecSettings)] = [
        (.bitDelta, [:]), (.bitDelta, ["scale": .text("row"), "rounds": .number(2)]),
        (.bitDelta, ["scale": .text("column")]), (.bitDelta, ["scale": .text("unbiased"), "zero": .text("minus")]),
        (.dare, [:]), (.dare, ["selection": .text("magnitude")]),
        (.dare, ["values": .text("fp32"), "drop": .number(0.3)]),
        (.deltaDQ, [:]), (.deltaDQ, ["alpha": .number(3), "group": .number(9), "bits": .number(5)]),
        (.ultraDelta, [:]), (.ultraDelta, ["mask": .text("seeded"), "sparsity": .number(0.7)]),
        (.ultraDelta, ["codes": .text("entropy"), "mode": .text("paper"), "sparsity": .number(0.4)]),
        (.ultraDelta, ["grid": .text("clipped"), "rescale": .text("unbiased"), "bits": .number(2)]),
    ]
}

@Suite("Edges of the lossy codecs")
struct LossyEdgeTests {
    @Test("rows that straddle chunks decode to what was measured, in each dtype", arguments: LossySettings.all.indices)
    func straddling(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        for type in [ElementType.bfloat16, .float16, .float32] {
            let rows = type == .float32 ? 601 : 1101
            let tensor = try LossyTensor.gaussian(type, rows: rows, columns: 1000, deviation: 0.01, seed: 40)
            let run = try LossyRun(codec, settings, tensor)
            #expect(run.chunks.count == 2)
            #expect(try run.decoded(tensor) == run.reconstructed)
            #expect(run.reconstructed.count == rows * 1000 * type.width)
            // Encoding is a function of the tensor.
            #expect(try LossyRun(codec, settings, tensor).chunks.map(\.streams) == run.chunks.map(\.streams))
        }
    }

    @Test("decoding does not know the tensor's key or name", arguments: LossySettings.all.indices)
    func storedBytesOnly(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        let tensor = try LossyTensor.gaussian(rows: 37, columns: 53, seed: 41, key: 0xdead_beef_0123_4567)
        let other = try LossyTensor.gaussian(rows: 37, columns: 53, seed: 41, key: 7)
        let run = try LossyRun(codec, settings, tensor)
        #expect(try run.decoded(other) == run.reconstructed)
        if codec != .bitDelta, settings["selection"] == nil {
            #expect(try LossyRun(codec, settings, other).reconstructed != run.reconstructed)
        }
    }

    @Test("tensors of one element, one row or one column are taken", arguments: LossySettings.all.indices)
    func shapes(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        for (rows, columns) in [(1, 1), (1, 500), (500, 1), (3, 7), (1, 8), (16, 9 * 16)] {
            let tensor = try LossyTensor.gaussian(rows: rows, columns: columns, seed: 42)
            let run = try LossyRun(codec, settings, tensor)
            #expect(try run.decoded(tensor) == run.reconstructed)
            #expect(run.plan.bitsPerWeight.isFinite && run.plan.relativeNoise?.isFinite == true)
        }
    }

    @Test("a tensor that did not change takes nothing and comes back as it is", arguments: LossySettings.all.indices)
    func unchanged(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        let tensor = try LossyTensor.make(.bfloat16, rows: 1100, columns: 1000, seed: 43) { _, _ in 0 }
        let run = try LossyRun(codec, settings, tensor)
        #expect(run.chunks.allSatisfy { $0.streams.count == 1 })
        let base = try (0..<2).flatMap { try tensor.chunk($0).baseWords }
        #expect(run.reconstructed == base)
        #expect(abs(run.plan.bitsPerWeight - run.bitsPerWeight(tensor)) < 1e-9)
    }

    @Test("equal deltas are taken", arguments: LossySettings.all.indices)
    func constant(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        let tensor = try LossyTensor.of([Float](repeating: 0.5, count: 640), columns: 64)
        let run = try LossyRun(codec, settings, tensor)
        #expect(try run.decoded(tensor) == run.reconstructed)
        #expect(run.values.allSatisfy { $0.isFinite })
    }

    @Test("rows that the base lacks come back bit for bit", arguments: LossySettings.all.indices)
    func tail(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        var generator = SeededGenerator(seed: 44)
        let base = RandomTensor.weights(.bfloat16, 1050 * 1000, using: &generator)
        let extra = RandomTensor.unusual(.bfloat16, 30 * 1000, using: &generator)
        let tuned = RandomTensor.tuned(base, .bfloat16, by: 0.01, using: &generator) + extra
        let tensor = try DeltaTensor(name: "wte", type: .bfloat16, columns: 1000, base: base, fineTuned: tuned)
        let run = try LossyRun(codec, settings, tensor)
        #expect(Array(run.reconstructed.suffix(extra.count)) == extra)
        #expect(run.reconstructed.count == tuned.count)
        #expect(try run.decoded(tensor) == run.reconstructed)
    }

    @Test("infinite weights and those that are no number are refused, and the element is named")
    func notFinite() throws {
        for bad in [Float.nan, .infinity, -.infinity] {
            let error = #expect(throws: DeltaicError.self) { try LossyTensor.of([1, 2, bad, 4]) }
            #expect(error?.code == .notFinite)
            #expect(error?.description.contains("element 2") == true)
        }
        // A difference that overflows is none either.
        let huge = [UInt8](TensorWords.bytes([UInt64(Float.greatestFiniteMagnitude.bitPattern)], width: 4))
        let negative = [UInt8](TensorWords.bytes([UInt64((-Float.greatestFiniteMagnitude).bitPattern)], width: 4))
        #expect(throws: DeltaicError.self) {
            try DeltaTensor(name: "t", type: .float32, columns: 1, base: negative, fineTuned: huge)
        }
    }

    @Test("a range of deltas that overflows is refused, and never stored", arguments: LossySettings.all.indices)
    func hugeRange(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        let tensor = try LossyTensor.of((0..<64).map { $0 % 2 == 0 ? 3e38 : -3e38 }, columns: 8)
        do throws(any Error) {
            let run = try LossyRun(codec, settings, tensor)
            #expect(run.values.allSatisfy { $0.isFinite })
        } catch let error as DeltaicError {
            #expect([.notFinite, .codecMisuse].contains(error.code), "\(error)")
        }
    }

    @Test("sums over a chunk are those of its elements one by one")
    func sums() throws {
        let tensor = try LossyTensor.gaussian(.bfloat16, rows: 13, columns: 77, seed: 45)
        let delta = try tensor.wholeDelta().map { Double($0) }
        let base = try tensor.chunk(0).base.map { Double($0) }
        let statistics = tensor.statistics
        func near(_ found: Double, _ expected: Double) -> Bool {
            abs(found - expected) <= 1e-12 * abs(expected) + 1e-15
        }
        func total(_ values: [Double]) -> Double { values.reduce(0, +) }
        func products(_ first: [Double], _ second: [Double]) -> Double { total(zip(first, second).map { $0 * $1 }) }
        #expect(near(statistics.sum, total(delta)))
        #expect(near(statistics.absoluteSum, total(delta.map { abs($0) })))
        #expect(near(statistics.squareSum, products(delta, delta)))
        #expect(near(statistics.baseProduct, products(delta, base)))
        #expect(near(statistics.baseSquareSum, products(base, base)))
        let weights = zip(delta, base).map { $0 + $1 }
        #expect(near(statistics.weightSquareSum, products(weights, weights)))
        #expect(statistics.nonzero == delta.count { $0 != 0 } && statistics.count == 13 * 77)
        #expect(Double(statistics.minimum) == delta.min() && Double(statistics.maximum) == delta.max())
        let run = try LossyRun(.bitDelta, tensor)
        let found = TensorWords.words(run.reconstructed, width: 2).map { TensorWords.value($0, .bfloat16) }
        let change = zip(found, base).map { $0 - $1 }
        let quality = run.result.quality
        let errors = zip(delta, change).map { $0 - $1 }
        #expect(near(quality.product, products(delta, change)))
        #expect(near(quality.errorSquares, products(errors, errors)))
        #expect(near(quality.reconstructedSquares, products(change, change)))
        #expect(quality.sameSign == zip(delta, change).count { $0 * $1 > 0 })
        #expect(quality.changed == delta.count { $0 != 0 })
    }
}
