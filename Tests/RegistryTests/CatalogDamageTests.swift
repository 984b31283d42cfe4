import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@Suite("Damage of the catalog is found, and never handed out")
struct CatalogDamageTests {
    /// Changes of rows, each of which a check must find.
    private static let changes = [
        "UPDATE files SET sha256 = zeroblob(32)",
        "UPDATE files SET size = size + 1",
        "UPDATE files SET size = 9223372036854775807",
        "UPDATE files SET path = '../../out' WHERE path = 'config.json'",
        "UPDATE files SET git_blob_id = zeroblob(20)",
        "UPDATE tensors SET name = 'other' WHERE name = 'a'",
        "UPDATE tensors SET dtype = 'I16'",
        "UPDATE tensors SET shape = '8,4'",
        "UPDATE tensors SET shape = '400,800'",
        "UPDATE tensors SET shape = '9223372036854775807'",
        "UPDATE tensors SET object_id = (SELECT object_id FROM tensors WHERE name = 'b') WHERE name = 'a'",
        "UPDATE objects SET length = 9223372036854775807",
        "UPDATE packs SET byte_count = byte_count + 1",
        "UPDATE versions SET number = number + 1",
        "UPDATE versions SET commit_id = zeroblob(20)",
        "UPDATE versions SET created_at = 9223372036854775807",
        "UPDATE versions SET message = 'another'",
        "UPDATE models SET name = name || 'x'",
    ]

    @Test("a range that only a false shape has is refused, not cut short")
    func falseShape() async throws {
        var random = SeededGenerator(seed: 63)
        let test = try TestRegistry()
        try await test.addBase(try test.folder("base", [TestTensor("a", .bfloat16, [4, 8], using: &random)]))
        try test.damageCatalog("UPDATE tensors SET shape = '400,800'")
        let registry = try test.reopened()
        let reference = try VersionReference("base")
        let error = #expect(throws: DeltaicError.self) { try registry.read(0..<100, ofTensor: "a", in: reference) }
        #expect(error?.description.contains("tensor a") == true)
    }

    @Test(
        "a changed row is a problem or an error for verify, and no part of the model is pulled wrong",
        arguments: changes)
    func changedRow(sql: String) async throws {
        var random = SeededGenerator(seed: 61)
        let test = try TestRegistry()
        let base = [
            TestTensor("a", .bfloat16, [4, 8], using: &random), TestTensor("b", .bfloat16, [4, 8], using: &random),
        ]
        let folder = try test.folder("base", base)
        try await test.addBase(folder)
        try await test.register(try test.folder("tune", base.map { $0.tuned(using: &random) }), "tune")
        let right = try await test.registry.pull(
            VersionReference("base"), to: test.directory.path("right"), selection: PullSelection(tensors: ["a"]))
        try test.damageCatalog(sql)

        for isQuick in [true, false] {
            let found = await problems(try test.reopened(), isQuick: isQuick)
            #expect(!found.isEmpty, "quick: \(isQuick)")
        }
        let registry = try test.reopened()
        if let whole = try? await registry.pull(VersionReference("base"), to: test.directory.path("whole")) {
            #expect(try test.contents(of: whole.output) == test.contents(of: folder))
        }
        let part = try? await registry.pull(
            VersionReference("base"), to: test.directory.path("part"), selection: PullSelection(tensors: ["a"]))
        #expect(part == nil || part?.files.map(\.sha256) == right.files.map(\.sha256))
        // Neither is to trap.
        _ = try? await registry.compare(VersionReference("base"), VersionReference("tune"))
        _ = try? registry.describe(VersionReference("tune"))
        _ = try? registry.list()
    }

    /// The problems that a check lists, or the error that it ends with.
    private func problems(_ registry: ModelRegistry, isQuick: Bool) async -> [String] {
        do {
            return try await registry.check(isQuick: isQuick).problems
        } catch {
            return ["\(error)"]
        }
    }
}
