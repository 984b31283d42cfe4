import DeltaicCore
import Registry
import TestSupport
import Testing

/// What `show` tells of a lossy version, against what its registration told.
@Suite("described sizes") struct DescribedSizesTests {
    private static let width = 256

    /// A layer whose delta has a steep spectrum, a plain one, one that was frozen, and a norm.
    private func pair(_ test: TestRegistry) throws -> (base: String, tuned: String) {
        var random = SeededGenerator(seed: 21)
        let shape = [Self.width, Self.width]
        let base = [
            TestTensor("layer.0.dense.weight", .float32, shape, using: &random),
            TestTensor("layer.1.dense.weight", .float32, shape, using: &random),
            TestTensor("layer.2.dense.weight", .float32, shape, using: &random),
            TestTensor("layer.2.norm.weight", .float32, [Self.width], using: &random),
        ]
        let left = (0..<Self.width).map { _ in Float(random.normal() * 0.01) }
        let right = (0..<Self.width).map { _ in Float(random.normal()) }
        var steep = base[0]
        steep.bytes = (0..<Self.width * Self.width).flatMap { index in
            let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(base[0].bytes[4 * index + $1]) << UInt32(8 * $1) }
            let value = Float(bitPattern: word) + left[index / Self.width] * right[index % Self.width]
            return (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
        }
        let tuned = [
            steep, base[1].tuned(by: 1e-3, using: &random), base[2], base[3].tuned(by: 1e-3, using: &random),
        ]
        return (try test.folder("base", base), try test.folder("tuned", tuned))
    }

    private func lossy(_ codec: String, _ name: String) throws -> Registration {
        let recipe = try Recipe(codec: codec, settings: [:], embeddings: .exact, head: .exact)
        return Registration(
            name: try ModelName(name), base: try VersionReference("base"), lossy: LossyRequest(recipe: recipe))
    }

    @Test(
        "registration and description agree on every tensor and every sum, whoever's pack holds the objects",
        arguments: ["low-rank", "delta-come", "seeded-sign", "ultradelta"])
    func agreement(_ codec: String) async throws {
        let test = try TestRegistry()
        let (base, tuned) = try pair(test)
        try await test.addBase(base)
        for name in ["first", "second"] {
            let report = try #require(try await test.registry.register(tuned, as: lossy(codec, name)).lossy)
            let details = try test.registry.describe(VersionReference(name))
            let shown = details.tensors.filter { $0.quality != nil }
            #expect(shown.map(\.name) == report.tensors.map(\.name))
            #expect(shown.map(\.storedBytes) == report.tensors.map(\.storedBytes), "\(name)")
            #expect(details.sizes == report.sizes, "\(name)")
            #expect(shown.contains { $0.content.sharedBytes > 0 } == (codec != "ultradelta"))
            // The frozen layer is the base's own.
            #expect(shown.last?.storedBytes == 0)
        }
    }

    @Test("a version is said to have the codec of what changed, or the one that was asked for if nothing did")
    func mainCodec() async throws {
        let test = try TestRegistry()
        let (base, tuned) = try pair(test)
        try await test.addBase(base)
        // More weights are frozen than changed.
        var random = SeededGenerator(seed: 22)
        let layers = (0..<3).map { TestTensor("layer.\($0).dense.weight", .bfloat16, [64, 64], using: &random) }
        try await test.addBase(try test.folder("other", layers), "other")
        let frozen = try test.folder("frozen", [layers[0].tuned(by: 1e-3, using: &random), layers[1], layers[2]])
        var registration = try lossy("seeded-sign", "frozen")
        registration.base = try VersionReference("other")
        #expect(try await test.registry.register(frozen, as: registration).version.lossyCodec == "seeded-sign")
        let same = try await test.registry.register(base, as: lossy("bitdelta", "same"))
        #expect(same.version.lossyCodec == "bitdelta")
        let own = try await test.registry.register(tuned, as: lossy("drop", "dropped"))
        #expect(own.version.lossyCodec == "drop")
    }
}
