import DeltaicCore
import Foundation
import PackFormat
import TestSupport
import Testing

@testable import Registry

@Suite("Versions that move between registries")
struct TransferTests {
    @Test("a base and an exact fine-tune come through as their own packs, byte for byte")
    func exact() async throws {
        let pair = try TransferPair()
        let folders = try await pair.addModels()
        let base = try await pair.send("base")
        let tuned = try await pair.send("acme/tuned")
        #expect(base.pack.isOwn && tuned.pack.isOwn)
        #expect(base.result.isNew && tuned.result.isNew)
        #expect(try await pair.isSame("base"))
        #expect(try await pair.isSame("acme/tuned"))
        #expect(try await pair.target.pulls("acme/tuned@v1", equalTo: folders.tuned))
        #expect(
            try Set(pair.source.packs().keys.map { $0.split(separator: "/").last })
                == Set(pair.target.packs().keys.map { $0.split(separator: "/").last }))
        let report = try await pair.target.registry.check(isQuick: false)
        #expect(report.problems.isEmpty && report.strays.isEmpty)
        let version = tuned.result.version
        #expect(version.task == "math" && version.message == "first" && version.metadata == ["seed": "1"])
        #expect(version.base == "base@v1" && version.tags.isEmpty)
        // The rows are those that the registration made.
        let sides = try [pair.source, pair.target].map {
            try $0.registry.describe(VersionReference("acme/tuned")).tensors.map {
                "\($0.name) \($0.content.codec) \($0.content.storedBytes) \($0.storedBytes) \($0.content.isShared)"
            }
        }
        #expect(sides[0] == sides[1])
    }

    @Test(
        "a lossy version stays the same bytes and the same commit", arguments: ["seeded-sign", "bitdelta", "low-rank"])
    func lossy(codec: String) async throws {
        let pair = try TransferPair()
        let request = LossyRequest(
            recipe: try Recipe(codec: codec, settings: [:], embeddings: .exact, head: .exact))
        try await pair.addModels(lossy: request)
        try await pair.send("base")
        let sent = try await pair.send("acme/tuned")
        #expect(sent.pack.isOwn)
        #expect(try await pair.isSame("acme/tuned"))
        let report = try await pair.target.registry.check(isQuick: false)
        #expect(report.problems.isEmpty)
    }

    @Test("a base that the receiver registered itself will do if its files are equal")
    func ownBase() async throws {
        let pair = try TransferPair()
        let folders = try await pair.addModels()
        // Whole objects, where the source has deltas and references of another model.
        try await pair.target.addBase(folders.base)
        let sent = try await pair.send("acme/tuned")
        #expect(sent.pack.isOwn && sent.result.isNew)
        #expect(try await pair.isSame("acme/tuned"))
    }

    @Test("what the receiver has does not move, and the same selection is the same pack")
    func thin() async throws {
        let pair = try TransferPair()
        let folders = try await pair.addModels()
        try await pair.target.addBase(folders.base)
        // Two of the tuned tensors are there already, in another model, stored without any base.
        let models = TransferPair.models()
        let part = try pair.target.folder("part", [models.tuned[0], models.tuned[2]], config: "{}")
        try await pair.target.register(part, "other", base: nil)
        let pack = try await pair.pack(of: "acme/tuned")
        #expect(!pack.isOwn)
        let own = try #require(try pair.source.registry.describe(VersionReference("acme/tuned")).pack)
        let ownSize = try pair.source.registry.openTransferPack(own).size
        #expect(pack.byteCount < ownSize / 2)
        let again = try await pair.pack(of: "acme/tuned")
        #expect(again.id == pack.id && again.byteCount == pack.byteCount)
        let sent = try await pair.send("acme/tuned")
        #expect(sent.result.newObjects == pack.objectCount && sent.result.knownObjects >= 2)
        #expect(try await pair.isSame("acme/tuned"))
        pair.source.registry.discard(pack)
        #expect(throws: DeltaicError.self) { try pair.source.registry.openTransferPack(pack.id) }
        let report = try await pair.target.registry.check(isQuick: false)
        #expect(report.problems.isEmpty && report.strays.isEmpty)
    }

    @Test("a pack that the writer of transfers makes of a version's own objects is the version's own pack")
    func identicalWriter() async throws {
        let pair = try TransferPair()
        try await pair.addModels()
        let reference = try VersionReference("acme/tuned")
        let registry = pair.source.registry
        let id = try #require(try registry.describe(reference).pack)
        let own = try registry.directory.packs.open(id)
        let written = try await registry.writeTransferPack(
            Set(own.objects.map(\.description.digest)), manifestOf: own)
        #expect(written.id == id && !written.isOwn)
        #expect(
            try FolderContents.bytes(of: registry.directory.transfers.path(of: id))
                == FolderContents.bytes(of: registry.directory.packs.path(of: id)))
    }

    @Test("the same version again is known, and changes nothing")
    func again() async throws {
        let pair = try TransferPair()
        try await pair.addModels()
        try await pair.send("base")
        let first = try await pair.send("acme/tuned")
        let bytes = try pair.bytes(of: first.pack)
        let result = try await pair.receive(bytes, as: first.pack.id)
        #expect(!result.isNew && result.storedBytes == 0)
        #expect(pair.target.registry.incomingBytes(first.pack.id) == 0)
        #expect(try pair.target.packs().count == 2)
    }

    @Test("a second version follows, with gaps in the numbers where versions were removed")
    func numbers() async throws {
        let pair = try TransferPair()
        try await pair.addModels()
        var random = SeededGenerator(seed: 9)
        for round in 2...4 {
            let tensors = TransferPair.models().tuned.map { $0.tuned(using: &random) }
            try await pair.source.register(try pair.source.folder("tuned\(round)", tensors), "acme/tuned")
        }
        _ = try await pair.source.registry.remove(VersionReference("acme/tuned@v2"))
        try await pair.send("base")
        try await pair.send("acme/tuned@v1")
        try await pair.send("acme/tuned@v4")
        #expect(try await pair.isSame("acme/tuned@v1"))
        #expect(try await pair.isSame("acme/tuned@v4"))
        // v3 comes too late.
        let late = await error { try await pair.send("acme/tuned@v3") }
        #expect(late?.code.word == "versionExists")
        // A new version goes on after what came.
        let next = try await pair.target.register(
            try pair.target.folder("next", TransferPair.models().tuned), "acme/tuned")
        #expect(!next.isNew || next.version.number == 5)
    }

    @Test("another version under the same number is a conflict that changes nothing")
    func diverged() async throws {
        let pair = try TransferPair()
        let folders = try await pair.addModels()
        try await pair.target.addBase(folders.base)
        var random = SeededGenerator(seed: 9)
        let other = TransferPair.models().tuned.map { $0.tuned(using: &random) }
        try await pair.target.register(try pair.target.folder("other", other), "acme/tuned")
        let failure = await error { try await pair.send("acme/tuned") }
        #expect(failure?.code.word == "diverged")
        #expect(failure?.description.contains("have diverged") == true)
        #expect(try pair.target.packs().count == 2)
    }

    @Test("without its base, or with another base of that name, a version is refused")
    func base() async throws {
        let pair = try TransferPair()
        try await pair.addModels()
        let missing = await error { try await pair.send("acme/tuned") }
        #expect(missing?.code.word == "missingBase" && missing?.message.contains("base@v1") == true)
        let other = try pair.target.folder("other", TransferPair.models(seed: 5).base)
        try await pair.target.addBase(other)
        let another = await error { try await pair.send("acme/tuned") }
        #expect(another?.code.word == "missingBase" && another?.expected != nil)
        #expect(try await pair.targetLacks("acme/tuned", packs: 1))
    }

    @Test("a base of another commit will not do unless the sender says that its tree is the same")
    func baseTree() async throws {
        let pair = try TransferPair()
        let folders = try await pair.addModels()
        _ = try await pair.target.registry.addBase(
            folders.base, as: Registration(name: try ModelName("base"), message: "another commit"))
        let pack = try await pair.pack(of: "acme/tuned")
        let bytes = try pair.bytes(of: pack)
        let failure = await error { try await pair.receive(bytes, as: pack.id) }
        #expect(failure?.code.word == "missingBase")
        // What came is kept: nothing was wrong with it.
        #expect(pair.target.registry.incomingBytes(pack.id) == bytes.count)
        let tree = try pair.source.registry.closure(of: VersionReference("acme/tuned")).version.base?.tree
        #expect(try await pair.receive(bytes, as: pack.id, baseTree: tree).isNew)
    }

    @Test("a name that is a base's there is refused for a model")
    func kind() async throws {
        let pair = try TransferPair()
        let folders = try await pair.addModels()
        try await pair.target.addBase(folders.base)
        try await pair.target.addBase(folders.tuned, "acme/tuned")
        let failure = await error { try await pair.send("acme/tuned") }
        #expect(failure?.code.word == "nameTaken")
    }

    private func error<Value>(_ body: () async throws -> Value) async -> DeltaicError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? DeltaicError
        }
    }
}
