import DeltaicCore
import Foundation
import PackFormat
import Registry
import TestSupport
import Testing

/// Different bytes under one hash (family 14 of faults).
@Suite("Forced collisions of hashes") struct HashCollisionTests {
    /// Elements of a full chunk of BF16.
    private let chunk = 1 << 20

    @Test("a block that another has the key of is compared, and stored on its own")
    func blockKey() async throws {
        var random = SeededGenerator(seed: 1_401)
        let test = try TestRegistry()
        let base = TestTensor("w", .bfloat16, [3 * chunk], using: &random)
        let one = base.tuned(by: 0.01, using: &random)
        var two = base.tuned(by: 0.01, using: &random)
        // The last block of one is the last block of the other.
        two.bytes.replaceSubrange(4 * chunk..<6 * chunk, with: one.bytes[4 * chunk..<6 * chunk])
        try await test.addBase(try test.folder("base", [base]))
        try await test.register(try test.folder("one", [one], config: "1"), "one")
        // Every key now leads to a block of other bytes.
        try test.damageCatalog("UPDATE blocks SET chunk = (chunk + 1) % 3")
        let folder = try test.folder("two", [two], config: "2")
        let second = try await test.register(folder, "two")
        #expect(second.newObjects > 0)
        #expect(try await test.pulls("two", equalTo: folder))
        #expect(try await test.pulls("one", equalTo: test.directory.path("one")))
        #expect(try await test.reopened().check(isQuick: false).problems.isEmpty)
        try Evidence.record(
            family: 14, "keys of blocks (XXH3-128) that lead to other bytes", tried: 3, outcomes: ["harmless": 3],
            note: "each is compared byte by byte before it is referred to")
    }

    @Test("a tensor that a stored one has the SHA-256 of is never answered with that one")
    func tensorDigest() async throws {
        var random = SeededGenerator(seed: 1_402)
        let test = try TestRegistry()
        let stored = TestTensor("w", .bfloat16, [500], using: &random)
        let other = TestTensor("w", .bfloat16, [500], using: &random)
        try await test.addBase(try test.folder("base", [stored]))
        let real = try Digest.sha256(stored.bytes)
        let forced = try Digest.sha256(other.bytes)
        // As if SHA-256 gave the stored tensor the digest of the other one: pack and catalog say so.
        let pack = try #require(test.packIDs().first)
        try test.rewritePack(pack) { objects in
            for index in objects.indices where objects[index].description.digest == real {
                let old = objects[index].description
                objects[index].description = ObjectDescription(
                    digest: forced, type: old.type, elementCount: old.elementCount, base: old.base)
            }
        }
        try test.damageCatalog("UPDATE objects SET sha256 = X'\(forced.hex)' WHERE sha256 = X'\(real.hex)'")
        let folder = try test.folder("two", [other], config: "2")
        var outcome = "refused"
        do {
            _ = try await TestRegistryReader(test).register(folder, "two")
            let output = test.directory.path("out")
            _ = try await test.reopened().pull(VersionReference("two"), to: output)
            outcome = try test.contents(of: output) == test.contents(of: folder) ? "harmless" : "lost"
        } catch is DeltaicError {}
        #expect(outcome != "lost")
        #expect(!FileManager.default.fileExists(atPath: test.directory.path("out/model.safetensors")))
        try Evidence.record(
            family: 14, "a tensor with the SHA-256 of another", tried: 1, outcomes: [outcome: 1],
            note: "the file's own hash is checked at every pull")
    }
}

/// A registry that was opened after its files were changed.
private struct TestRegistryReader {
    private let registry: ModelRegistry

    init(_ test: TestRegistry) throws {
        registry = try test.reopened()
    }

    func register(_ path: String, _ name: String) async throws -> RegistrationResult {
        try await registry.register(path, as: Registration(name: ModelName(name)))
    }
}
