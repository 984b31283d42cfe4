import DeltaicCore
import Testing

@testable import Catalog

@Suite("Tags")
struct TagTests {
    let catalog: TestCatalog
    let first: VersionRecord
    let second: VersionRecord
    var database: CatalogDatabase { catalog.database }

    init() throws {
        catalog = try TestCatalog()
        first = try catalog.database.publish(newVersion("m", seed: "1", tags: ["prod"]))
        second = try catalog.database.publish(newVersion("m", seed: "2"))
    }

    @Test("a tag moves to another version, and leaves the first")
    func moves() throws {
        try database.setTag(model: name("m"), tag: "prod", version: second.id)
        #expect(try database.version(VersionReference("m:prod")).id == second.id)
        #expect(try database.version(id: first.id)?.tags == [])
    }

    @Test("publishing with a tag moves it")
    func movesOnPublish() throws {
        let third = try database.publish(newVersion("m", seed: "3", tags: ["prod"]))
        #expect(try database.version(VersionReference("m:prod")) == third)
    }

    @Test("a removed tag is gone, and cannot be removed again")
    func removes() throws {
        try database.removeTag(model: name("m"), tag: "prod")
        let error = try #require(throws: DeltaicError.self) {
            try database.removeTag(model: name("m"), tag: "prod")
        }
        #expect(error.code == .unknownTag)
        #expect(error.advice == "it has no tags at all")
    }

    @Test("latest, main and version numbers are reserved", arguments: ["latest", "main", "HEAD", "v1", "v007"])
    func reserved(tag: String) throws {
        let set = try #require(throws: DeltaicError.self) {
            try database.setTag(model: name("m"), tag: tag, version: first.id)
        }
        #expect(set.code == .reservedTag)
        let published = try #require(throws: DeltaicError.self) {
            try database.publish(newVersion("m", seed: "3", tags: [tag]))
        }
        #expect(published.code == .reservedTag)
    }

    @Test("tags that only look like reserved ones are accepted", arguments: ["v", "v1.0", "v2-rc", "latest-good"])
    func notReserved(tag: String) throws {
        try database.setTag(model: name("m"), tag: tag, version: first.id)
        #expect(try database.version(id: first.id)?.tags.contains(tag) == true)
    }

    @Test("what is no name is no tag", arguments: ["", "a b", "-a", "a/b", "a--b"])
    func invalid(tag: String) throws {
        let error = try #require(throws: DeltaicError.self) {
            try database.setTag(model: name("m"), tag: tag, version: first.id)
        }
        #expect(error.code == .invalidName)
    }

    @Test("a tag cannot name a version of another model")
    func otherModel() throws {
        let other = try database.publish(newVersion("other", seed: "3"))
        let error = try #require(throws: DeltaicError.self) {
            try database.setTag(model: name("m"), tag: "prod", version: other.id)
        }
        #expect(error.code == .unknownVersion)
    }

    @Test("a tag goes with its version")
    func goesWithVersion() throws {
        _ = try database.remove([first.id])
        #expect(throws: DeltaicError.self) { try database.version(VersionReference("m:prod")) }
    }
}
