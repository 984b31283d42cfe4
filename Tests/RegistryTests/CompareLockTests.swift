import DeltaicCore
import Registry
import TestSupport
import Testing

/// What other processes can do while codecs are compared.
@Suite("comparing beside others") struct CompareLockTests {
    @Test("the registry is not locked while a user's command runs")
    func lock() async throws {
        let test = try TestRegistry()
        var random = SeededGenerator(seed: 3)
        let weight = TestTensor("layer.0.dense.weight", .bfloat16, [64, 64], using: &random)
        try await test.addBase(try test.folder("base", [weight]))
        let tuned = try test.folder("tuned", [weight.tuned(using: &random)])
        let requests = try ["seeded-sign", "bitdelta"].map { codec in
            let recipe = try Recipe(codec: codec, settings: [:], embeddings: .exact, head: .exact)
            return (codec: codec, goal: "settings", request: LossyRequest(recipe: recipe))
        }
        // Both locks, alone: what removing a version takes.
        let locks = ["reader", "writer"].map { "flock -n -x '\(test.registry.path)/\($0).lock' " }.joined()
        let comparison = try await test.registry.compareCodecs(
            tuned, as: Registration(name: ModelName("compare"), base: VersionReference("base")), requests: requests,
            command: locks + "echo 5")
        #expect(comparison.originalScore == 5)
        #expect(comparison.rows.map(\.score) == [5, 5])
    }
}
