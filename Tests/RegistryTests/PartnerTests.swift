import DeltaicCore
import Registry
import TestSupport
import Testing

@Suite("A tensor is stored against its base")
struct PartnerTests {
    private func codec(_ test: TestRegistry, _ reference: String, _ tensor: String) throws -> String {
        let details = try test.registry.describe(VersionReference(reference))
        return try #require(details.tensors.first { $0.name == tensor }).content.codec
    }

    @Test("a resized vocabulary is a delta on the common rows", arguments: [900, 1100])
    func resizedVocabulary(rows: Int) async throws {
        var random = SeededGenerator(seed: UInt64(rows))
        let test = try TestRegistry()
        let base = TestTensor("embedding", .bfloat16, [1000, 256], using: &random)
        var tune = base.tuned(using: &random)
        let extra = RandomTensor.weights(.bfloat16, 100 * 256, using: &random)
        tune.bytes = rows > 1000 ? tune.bytes + extra : Array(tune.bytes.prefix(rows * 512))
        tune.shape = [rows, 256]
        try await test.addBase(try test.folder("base", [base]))
        let folder = try test.folder("tune", [tune])
        let result = try await test.register(folder, "tune")
        #expect(try codec(test, "tune", "embedding") == "exact")
        #expect(Double(result.storedBytes) < 0.35 * Double(result.version.rawBytes))
        #expect(try await test.pulls("tune", equalTo: folder))
    }

    @Test("a vocabulary that grows across a chunk boundary comes back")
    func resizedAcrossChunks() async throws {
        var random = SeededGenerator(seed: 31)
        let test = try TestRegistry()
        let base = TestTensor("embedding", .float32, [1000, 500], using: &random)
        var tune = base.tuned(using: &random)
        tune.bytes += RandomTensor.weights(.float32, 300 * 500, using: &random)
        tune.shape = [1300, 500]
        try await test.addBase(try test.folder("base", [base]))
        let folder = try test.folder("tune", [tune])
        try await test.register(folder, "tune")
        #expect(try await test.pulls("tune", equalTo: folder))
    }

    @Test("a name that differs by a prefix finds its base tensor", arguments: [("bert.w", "w"), ("w", "bert.w")])
    func prefix(names: (base: String, tune: String)) async throws {
        var random = SeededGenerator(seed: 32)
        let test = try TestRegistry()
        let base = TestTensor(names.base, .bfloat16, [100, 100], using: &random)
        var tune = base.tuned(using: &random)
        tune.name = names.tune
        try await test.addBase(try test.folder("base", [base]))
        let folder = try test.folder("tune", [tune])
        try await test.register(folder, "tune")
        #expect(try codec(test, "tune", names.tune) == "exact")
        #expect(try await test.pulls("tune", equalTo: folder))
    }

    @Test("another dtype or other columns are stored alone")
    func noPartner() async throws {
        var random = SeededGenerator(seed: 33)
        let test = try TestRegistry()
        try await test.addBase(
            try test.folder(
                "base",
                [
                    TestTensor("a", .float32, [40, 40], using: &random),
                    TestTensor("b", .float32, [40, 40], using: &random),
                ]))
        let folder = try test.folder(
            "tune",
            [
                TestTensor("a", .bfloat16, [40, 40], using: &random),
                TestTensor("b", .float32, [40, 41], using: &random),
            ])
        try await test.register(folder, "tune")
        #expect(try codec(test, "tune", "a") == "solo")
        #expect(try codec(test, "tune", "b") == "solo")
        #expect(try await test.pulls("tune", equalTo: folder))
    }

    @Test("rows that only decayed cost almost nothing in FP32")
    func weightDecay() async throws {
        var random = SeededGenerator(seed: 34)
        let test = try TestRegistry()
        let base = TestTensor("embedding", .float32, [2000, 384], using: &random)
        var tune = base
        for start in stride(from: 0, to: base.bytes.count, by: 4) {
            var bits: UInt32 = 0
            for byte in 0..<4 { bits |= UInt32(base.bytes[start + byte]) << UInt32(8 * byte) }
            var value = Float(bitPattern: bits)
            for _ in 0..<300 { value *= Float(1 - 2e-7) }
            for byte in 0..<4 {
                tune.bytes[start + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * byte))
            }
        }
        try await test.addBase(try test.folder("base", [base]))
        let folder = try test.folder("tune", [tune])
        let result = try await test.register(folder, "tune")
        #expect(Double(result.storedBytes) < 0.02 * Double(result.version.rawBytes))
        #expect(try await test.pulls("tune", equalTo: folder))
    }
}
