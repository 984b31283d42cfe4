import DeltaicCore
import Testing

@testable import Catalog

@Suite("Removing versions")
struct RemovalTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws { catalog = try TestCatalog() }

    func packs() throws -> Set<Digest> { Set(try database.packs().map(\.id)) }

    @Test("a version goes with its files, its pack and what the pack holds")
    func removesAll() throws {
        let new = try newVersion("m", seed: "1", contents: [Content(word: "x")])
        let version = try database.publish(new)
        let result = try database.remove([version.id])
        #expect(result.removedVersions == [version])
        #expect(result.unreferencedPacks == [new.pack])
        #expect(result.retainedPacks == [])
        #expect(try database.version(id: version.id) == nil)
        #expect(try database.object(digest("x")) == nil)
        #expect(try database.blocks(withKey: [blockKey("x")]).isEmpty)
        #expect(try database.packs().isEmpty && database.garbage().map(\.id) == [new.pack.id])
        try database.forgetGarbage([new.pack.id])
        #expect(try database.pack(new.pack.id) == nil)
        #expect(try database.check() == [])
    }

    @Test("a version that was removed after it was looked up is not taken for one without files")
    func removedMeanwhile() throws {
        let version = try database.publish(newVersion("m", seed: "1", contents: [Content(word: "x")]))
        #expect(try database.filesIfRegistered(of: version.id)?.isEmpty == false)
        _ = try database.remove([version.id])
        #expect(try database.filesIfRegistered(of: version.id) == nil)
        for query in [
            { _ = try database.files(of: version.id) }, { _ = try database.fileEntries(of: version.id) },
            { _ = try database.tensors(of: version.id) }, { _ = try database.tensor(named: "layer.x", of: version.id) },
        ] as [() throws -> Void] {
            #expect(try #require(throws: DeltaicError.self) { try query() }.code == .unknownVersion)
        }
    }

    @Test("a model is not listed after its last version went, and goes on counting when it comes back")
    func removesModel() throws {
        let versions = try ["1", "2"].map { try database.publish(newVersion("m", seed: $0)) }
        _ = try database.remove(versions.map(\.id))
        #expect(try database.latestVersions() == [])
        #expect(try database.publish(newVersion("m", seed: "3", isBase: true)).number == 3)
    }

    @Test("a pack stays while another version uses one of its objects, and goes afterwards")
    func sharedObject() throws {
        let first = try newVersion("a", seed: "1", contents: [Content(word: "shared"), Content(word: "own")])
        let owner = try database.publish(first)
        let second = try newVersion("b", seed: "2", reused: ["shared"])
        let user = try database.publish(second)

        let kept = try database.remove([owner.id])
        #expect(kept.unreferencedPacks == [])
        #expect(kept.retainedPacks == [first.pack])
        #expect(try database.object(digest("own")) != nil)
        #expect(try database.savingsTotal().retainedBytes == first.pack.byteCount)

        let gone = try database.remove([user.id])
        #expect(Set(gone.unreferencedPacks.map(\.id)) == [first.pack.id, second.pack.id])
        #expect(gone.retainedPacks == [])
        #expect(try packs() == [])
        #expect(try database.check() == [])
    }

    @Test("a chain of three dependencies keeps every pack that it runs through")
    func chain() throws {
        let words = ["w0", "w1", "w2", "w3"]
        var versions: [VersionRecord] = []
        for (index, word) in words.enumerated() {
            let base = index == 0 ? nil : words[index - 1]
            let new = try newVersion("m\(index)", seed: word, contents: [Content(word: word, base: base)])
            versions.append(try database.publish(new))
        }
        let kept = try database.remove(versions.prefix(3).map(\.id))
        #expect(kept.retainedPacks.count == 3)
        #expect(try packs().count == 4)
        #expect(try database.savings(by: .model).map(\.group) == ["m3"])
        #expect(try database.remove([versions[3].id]).unreferencedPacks.count == 4)
        #expect(try packs() == [])
    }

    @Test("an object that nothing needs goes with the pack that it depends on, although its own pack stays")
    func undecodableObject() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true, contents: [Content(word: "w")]))
        let tuned = try newVersion(
            "a", seed: "1", base: base.id, contents: [Content(word: "delta", base: "w"), Content(word: "free")])
        let owner = try database.publish(tuned)
        let user = try database.publish(newVersion("b", seed: "2", reused: ["free"]))
        let result = try database.remove([owner.id, base.id])
        #expect(result.retainedPacks == [tuned.pack])
        #expect(result.unreferencedPacks.map(\.id) == [digest("pack 0")])
        #expect(try database.object(digest("delta")) == nil)
        #expect(try database.object(digest("free")) != nil)
        let again = try #require(throws: DeltaicError.self) {
            try database.publish(newVersion("c", seed: "3", reused: ["delta"]))
        }
        #expect(again.code == .missingObject)
        #expect(try database.files(of: user.id)[0].tensors.count == 1)
        #expect(try database.check() == [])
    }

    @Test("a base with fine-tunes is refused, and they are named")
    func refusesBase() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true))
        let tuned = try (1...8).map { try database.publish(newVersion("org/m\($0)", seed: "\($0)", base: base.id)) }
        let error = try #require(throws: DeltaicError.self) { try database.remove([base.id, tuned[0].id]) }
        #expect(error.code == .versionInUse)
        #expect(
            error.message
                == "base@v1 is the base of org/m2@v1, org/m3@v1, org/m4@v1, org/m5@v1, org/m6@v1 and 2 more")
        #expect(try database.allVersions().count == 9)
    }

    @Test("a base goes together with all its fine-tunes")
    func removesBaseWithAll() throws {
        let base = try database.publish(newVersion("base", seed: "0", isBase: true))
        let tuned = try database.publish(newVersion("m", seed: "1", base: base.id))
        #expect(try database.remove([base.id, tuned.id]).unreferencedPacks.count == 2)
    }

    @Test("a version that is not registered is refused")
    func unknown() throws {
        let error = try #require(throws: DeltaicError.self) { try database.remove([VersionID(rawValue: 5)]) }
        #expect(error.code == .unknownVersion)
    }

    @Test("a retained pack that is published again belongs to its new version")
    func adoptsPack() throws {
        let new = try newVersion("a", seed: "1", contents: [Content(word: "shared")])
        let owner = try database.publish(new)
        _ = try database.publish(newVersion("b", seed: "2", reused: ["shared"]))
        _ = try database.remove([owner.id])
        let again = try database.publish(new)
        #expect(again.storedBytes == new.pack.byteCount)
        #expect(try database.savingsTotal().retainedBytes == 0)
        #expect(try database.check() == [])
    }
}
