import DeltaicCore
import Testing

@testable import Catalog

@Suite("Finding a version")
struct LookupTests {
    let catalog: TestCatalog
    let versions: [VersionRecord]
    var database: CatalogDatabase { catalog.database }

    init() throws {
        let catalog = try TestCatalog()
        self.catalog = catalog
        versions = try ["1", "2", "3"].map {
            try catalog.database.publish(newVersion("org/model", seed: $0, tags: $0 == "2" ? ["prod"] : []))
        }
    }

    func find(_ text: String) throws -> VersionRecord { try database.version(VersionReference(text)) }

    @Test("a name alone, latest and main mean the newest version", arguments: ["", ":latest", ":main"])
    func newest(suffix: String) throws {
        #expect(try find("org/model" + suffix) == versions[2])
    }

    @Test("a number, a tag, a commit id and the start of one find their version")
    func eachSelector() throws {
        #expect(try find("org/model@v1") == versions[0])
        #expect(try find("org/model:prod") == versions[1])
        #expect(try find("org/model@\(versions[1].commit)") == versions[1])
        for digits in 7...39 {
            #expect(try find("org/model@" + versions[0].commit.hex.prefix(digits)) == versions[0])
        }
    }

    @Test("an unknown name suggests the closest one", arguments: ["org/modle", "org/Model", "other/model", "model"])
    func suggestsName(wrong: String) throws {
        let error = try #require(throws: DeltaicError.self) { try find(wrong) }
        #expect(error.code == .unknownModel)
        #expect(error.advice?.contains("did you mean org/model?") == true)
        #expect(error.advice?.contains("deltaic list") == true)
    }

    @Test("a name that is like no other suggests none")
    func suggestsNothing() throws {
        let error = try #require(throws: DeltaicError.self) { try find("quite-different") }
        #expect(error.advice == "`deltaic list` shows what there is")
    }

    @Test("an unknown number lists the numbers")
    func listsNumbers() throws {
        let error = try #require(throws: DeltaicError.self) { try find("org/model@v9") }
        #expect(error.code == .unknownVersion)
        #expect(error.advice == "it has v3, v2, v1")
    }

    @Test("an unknown commit id lists the numbers")
    func unknownCommit() throws {
        let error = try #require(throws: DeltaicError.self) { try find("org/model@0000000") }
        #expect(error.code == .unknownVersion)
    }

    @Test("an unknown tag lists the tags")
    func listsTags() throws {
        let error = try #require(throws: DeltaicError.self) { try find("org/model:beta") }
        #expect(error.code == .unknownTag)
        #expect(error.advice == "it has the tags prod")
    }

    @Test("digits that two commit ids start with are ambiguous")
    func ambiguousCommit() throws {
        for last in ["a", "b"] {
            var new = try newVersion("twins", seed: "twin " + last)
            new.commit = try #require(GitObjectID(hex: String(repeating: "5", count: 39) + last))
            _ = try database.publish(new)
        }
        let error = try #require(throws: DeltaicError.self) { try find("twins@5555555") }
        #expect(error.code == .ambiguousCommit)
        #expect(try find("twins@" + String(repeating: "5", count: 39) + "b").number == 2)
    }

    @Test("the same tree is found again in its own model only")
    func byTree() throws {
        #expect(try database.version(of: name("org/model"), tree: versions[1].tree) == versions[1])
        #expect(try database.version(of: name("org/other"), tree: versions[1].tree) == nil)
        #expect(try database.version(of: name("org/model"), tree: gitID("no tree")) == nil)
    }

    @Test("many objects at once are what each is alone, with what it depends on in order")
    func manyObjects() throws {
        let words = (0..<300).map { "word \($0)" }
        let plain = words.prefix(100).map { Content(word: $0) }
        let deltas = words[100..<200].enumerated().map { Content(word: $1, base: words[$0]) }
        let shared = words[200...].enumerated().map {
            Content(word: $1, base: words[$0], others: [words[99 - $0], words[150]])
        }
        _ = try database.publish(newVersion("m", seed: "many", contents: plain + deltas + shared))
        let digests = words.map(digest)
        let together = try database.objects(digests + digests.reversed() + [digest("none")])
        #expect(together.count == 300)
        for digest in digests { #expect(try together[digest] == database.object(digest)) }
        #expect(together[digest(words[200])]?.dependencies.count == 3)
        #expect(together[digest(words[200])]?.base == digest(words[0]))
        #expect(try database.objects([]).isEmpty)
    }

    @Test("objects, blocks and tensors that are not stored are left out")
    func bulkLookups() throws {
        let new = try newVersion("m", seed: "9", contents: [Content(word: "x"), Content(word: "y")])
        let version = try database.publish(new)
        let objects = try database.objects([digest("x"), digest("none"), digest("x")])
        #expect(objects == [digest("x"): new.objects[2]])
        let blocks = try database.blocks(withKey: [blockKey("y"), blockKey("none")])
        #expect(blocks.count == 1)
        #expect(blocks[blockKey("y")]?.object == digest("y"))
        #expect(blocks[blockKey("y")]?.chunk == 3)
        let tensors = try database.tensorsByName(of: version.id)
        #expect(tensors.keys.sorted() == ["layer.x", "layer.y"])
        #expect(tensors["layer.x"]?.object == digest("x"))
        #expect(try database.tensorsByName(of: VersionID(rawValue: 99)).isEmpty)
    }
}
