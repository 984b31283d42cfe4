import DeltaicCore
import Registry
import TestSupport
import Testing

/// Tensors of unusual shapes and sizes, and files that do not fit them.
@Suite("lossy edges") struct LossyEdgeTests {
    private static let name = "layer.0.dense.weight"

    private static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    private func preview(
        _ test: TestRegistry, base: [TestTensor], tuned: [TestTensor], codec: String, settings: CodecSettings = [:],
        moments: String? = nil
    ) async throws -> LossyPreview {
        try await test.addBase(try test.folder("base", base))
        let recipe = try Recipe(codec: codec, settings: settings, embeddings: .exact, head: .exact)
        let registration = Registration(
            name: try ModelName("model"), base: try VersionReference("base"),
            lossy: LossyRequest(recipe: recipe, momentsPath: moments))
        return try await test.registry.preview(try test.folder("tuned", tuned), as: registration)
    }

    @Test("a stack of experts is one tall matrix, whose rows are those of all experts")
    func experts() async throws {
        var random = SeededGenerator(seed: 11)
        let shape = [6, 24, 32]
        let base = (0..<6 * 24 * 32).map { _ in Float(random.normal() * 0.02) }
        let left = (0..<6 * 24).map { _ in Float(random.normal() * 0.01) }
        let right = (0..<32).map { _ in Float(random.normal()) }
        // Of rank 1 as 144 rows of 32, of rank 6 as 6 rows of 768.
        let tuned = base.indices.map { base[$0] + left[$0 / 32] * right[$0 % 32] }
        let name = "layers.0.mlp.experts.gate_up_proj"
        let report = try await preview(
            try TestRegistry(), base: [TestTensor(name, .float32, shape, bytes: Self.bytes(base))],
            tuned: [TestTensor(name, .float32, shape, bytes: Self.bytes(tuned))], codec: "low-rank",
            settings: ["rank": .number(1), "bits": .number(16)]
        ).report
        let quality = try #require(report.tensors.first).quality
        #expect(quality.errorSquares < 1e-5 * quality.deltaSquares)
    }

    @Test(
        "a stack of experts comes back with the hash that was known, through every codec", arguments: Recipe.lossyCodecs
    )
    func expertsOfEveryCodec(_ codec: String) async throws {
        let test = try TestRegistry()
        var random = SeededGenerator(seed: 12)
        // Several chunks, which cut rows of experts.
        let base = TestTensor("layers.0.experts.down_proj", .bfloat16, [5, 700, 333], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        let recipe = try Recipe(codec: codec, settings: [:], embeddings: .exact, head: .exact)
        _ = try await test.registry.register(
            try test.folder("tuned", [base.tuned(by: 1e-3, using: &random)]),
            as: Registration(
                name: ModelName("model"), base: VersionReference("base"), lossy: LossyRequest(recipe: recipe)))
        _ = try await test.registry.pull(VersionReference("model"), to: test.directory.path("out"))
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("bytes that are stored under another dtype are the reason why a tensor is kept exactly")
    func otherDtype() async throws {
        let zeros = [UInt8](repeating: 0, count: 2 * 32 * 32)
        var random = SeededGenerator(seed: 13)
        let half = TestTensor("a.dense.weight", .float16, [32, 32], bytes: zeros)
        let base = TestTensor("b.dense.weight", .bfloat16, [32, 32], bytes: zeros)
        let report = try await preview(
            try TestRegistry(), base: [half, base], tuned: [half, base.tuned(using: &random)], codec: "seeded-sign"
        ).report
        let kept = try #require(report.keptExactly.first)
        #expect(kept.name == base.name && kept.reason.contains("F16") && kept.reason.contains("BF16"))
        #expect(!kept.reason.contains("only"))
    }

    @Test("second moments that do not fit are refused with their file and the weight, each named once")
    func moments() async throws {
        let test = try TestRegistry()
        var random = SeededGenerator(seed: 14)
        let base = TestTensor(Self.name, .bfloat16, [16, 16], using: &random)
        let other = TestTensor(Self.name, .float32, [16, 3], using: &random)
        let path = try test.folder("moments", [other]) + "/model.safetensors"
        let error = try await #require(throws: DeltaicError.self) {
            try await preview(
                test, base: [base], tuned: [base.tuned(using: &random)], codec: "sparse24", moments: path)
        }
        #expect(error.description.split(separator: Self.name, omittingEmptySubsequences: false).count == 2)
        #expect(error.description.split(separator: path, omittingEmptySubsequences: false).count == 2)
        #expect(error.code == .badMoments)
    }

    @Test(
        "a delta that is too large for factors is refused by the tensor's name",
        arguments: [("low-rank", 1e20), ("delta-come", 1e20), ("low-rank", 1e37), ("delta-come", 1e37)])
    func tooLarge(_ codec: String, _ deviation: Double) async throws {
        var random = SeededGenerator(seed: 15)
        let base = TestTensor(Self.name, .float32, [128, 128], using: &random)
        let tuned = (0..<128 * 128).map { _ in Float(random.normal() * deviation) }
        let error = try await #require(throws: DeltaicError.self) {
            try await preview(
                try TestRegistry(), base: [base],
                tuned: [TestTensor(Self.name, .float32, [128, 128], bytes: Self.bytes(tuned))], codec: codec)
        }
        #expect(error.description.contains(Self.name) && !error.description.contains("LAPACK"), "\(error)")
        #expect(error.advice?.contains("exact") == true)
    }
}
