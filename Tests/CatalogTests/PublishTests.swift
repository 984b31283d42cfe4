import DeltaicCore
import Testing

@testable import Catalog

@Suite("Publishing a version")
struct PublishTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws { catalog = try TestCatalog() }

    @Test("a published version is read back as it was")
    func readsBack() throws {
        let base = try database.publish(
            newVersion("minilm", seed: "b", isBase: true, contents: [Content(word: "w")]))
        let new = try newVersion(
            "org/tuned", seed: "t", base: base.id, task: "retrieval", tags: ["prod", "best"],
            contents: [Content(word: "x", base: "w")], reused: ["w"])
        let version = try database.publish(new)
        #expect(version.model == new.model)
        #expect(version.isBase == false)
        #expect(version.number == 1)
        #expect([version.commit, version.tree, version.parentCommit] == [new.commit, new.tree, new.parentCommit])
        #expect(version.baseVersion == base.id)
        #expect(version.baseName == "minilm")
        #expect(version.baseNumber == 1)
        #expect(version.task == "retrieval")
        #expect(version.message == new.message)
        #expect(version.metadata == new.metadata)
        #expect(version.tags == ["best", "prod"])
        #expect(version.createdAt == new.createdAt)
        #expect(version.rawBytes == new.files.reduce(0) { $0 + $1.size })
        #expect(version.storedBytes == new.pack.byteCount)
        #expect(version.tensorCount == 2)
        #expect(version.fileCount == 2)
        #expect(try database.version(VersionReference("org/tuned@v1")) == version)
        #expect(try database.version(id: version.id) == version)
        #expect(try database.files(of: version.id) == new.files)
        #expect(try database.objects(inPack: new.pack.id) == new.objects)
        #expect(try database.pack(new.pack.id) == new.pack)
        #expect(try database.pack(of: version.id) == new.pack)
        #expect(try database.check() == [])
    }

    @Test("files with a scalar, an empty dimension and no tensors at all are read back")
    func readsBackUnusualFiles() throws {
        var new = try newVersion("m", seed: "1", contents: [Content(word: "a"), Content(word: "b")])
        let shapes = [try #require(TensorShape([])), try #require(TensorShape([0, 3]))]
        let tensors = zip(shapes, ["a", "b"]).map { shape, word in
            TensorRecord(name: word, type: .float8E4M3, shape: shape, object: digest(word))
        }
        let header = digest("header 1")
        func file(_ path: String, _ content: FileRecord.Content) -> FileRecord {
            FileRecord(
                path: path, size: 7, sha256: digest(path), gitBlobID: gitID(path), isLFS: false, content: content)
        }
        new.files = [
            file("z.safetensors", .safetensors(header: header, tensors: tensors)),
            file("a.safetensors", .safetensors(header: header, tensors: [])),
            file("empty", .raw(object: digest("config 1"))),
        ]
        let version = try database.publish(new)
        #expect(try database.files(of: version.id) == new.files)
        #expect(tensors.map(\.byteCount) == [1, 0])
    }

    @Test(
        "metadata is read back whatever it contains",
        arguments: [
            [:], ["a": "b"], ["": ""], ["a": "1", "b": "2", "c": "\"}"], ["back\\slash": "line\nbreak"],
            [",": ":", "{": "}", "é": "\u{1F600}\u{0}"],
        ])
    func metadata(_ metadata: [String: String]) throws {
        var new = try newVersion("m", seed: "1")
        new.metadata = metadata
        #expect(try database.publish(new).metadata == metadata)
    }

    @Test("numbers go up by one per model")
    func numbers() throws {
        let numbers = try ["1", "2", "3"].map { try database.publish(newVersion("m", seed: $0)).number }
        #expect(numbers == [1, 2, 3])
        #expect(try database.publish(newVersion("n", seed: "4")).number == 1)
        #expect(try database.versions(of: name("m")).map(\.number) == [3, 2, 1])
    }

    @Test("the number of a removed version is not used again")
    func numbersAreNotReused() throws {
        _ = try database.publish(newVersion("m", seed: "1"))
        let second = try database.publish(newVersion("m", seed: "2"))
        _ = try database.remove([second.id])
        #expect(try database.publish(newVersion("m", seed: "3")).number == 3)
    }

    @Test("a base's name cannot be registered as a model, nor a model's as a base", arguments: [true, false])
    func nameClash(firstIsBase: Bool) throws {
        _ = try database.publish(newVersion("m", seed: "1", isBase: firstIsBase))
        let error = try #require(throws: DeltaicError.self) {
            try database.publish(newVersion("m", seed: "2", isBase: !firstIsBase))
        }
        #expect(error.code == .nameTaken)
        #expect(error.description.contains(firstIsBase ? "m is a base" : "m is a model"))
        #expect(try database.versions(of: name("m")).count == 1)
    }

    @Test("the same commit is refused a second time, and the number that has it is named")
    func sameCommit() throws {
        _ = try database.publish(newVersion("m", seed: "1"))
        let error = try #require(throws: DeltaicError.self) { try database.publish(newVersion("m", seed: "1")) }
        #expect(error.code == .versionExists)
        #expect(error.description.contains("m@v1"))
    }

    @Test("an object that is stored already keeps its place")
    func keepsFirstObject() throws {
        let first = try newVersion("m", seed: "1", contents: [Content(word: "same")])
        _ = try database.publish(first)
        _ = try database.publish(newVersion("n", seed: "2", contents: [Content(word: "same")]))
        #expect(try database.object(digest("same"))?.pack == first.pack.id)
        #expect(try database.check() == [])
    }

    @Test("an object may depend on one that comes later in its pack")
    func laterDependency() throws {
        let new = try newVersion(
            "m", seed: "1",
            contents: [Content(word: "x", base: "y", others: ["z"]), Content(word: "y"), Content(word: "z")])
        _ = try database.publish(new)
        let object = try #require(try database.object(digest("x")))
        #expect(object.base == digest("y"))
        #expect(object.dependencies == [digest("y"), digest("z")])
    }

    @Test("a version that refers to an object that is not stored is refused, and leaves nothing")
    func missingObject() throws {
        let error = try #require(throws: DeltaicError.self) {
            try database.publish(newVersion("m", seed: "1", task: "t", reused: ["nowhere"]))
        }
        #expect(error.code == .missingObject)
        #expect(error.places == ["m@v1"])
        #expect(try database.allVersions().isEmpty && database.packs().isEmpty && database.tasks().isEmpty)
    }

    @Test("an object of another pack is refused")
    func strayObject() throws {
        var new = try newVersion("m", seed: "1")
        new.objects += try newVersion("m", seed: "2").objects
        let error = try #require(throws: DeltaicError.self) { try database.publish(new) }
        #expect(error.code == .inconsistentVersion)
    }

    @Test("a file that is there twice is refused")
    func twoFilesOfOnePath() throws {
        var new = try newVersion("m", seed: "1")
        new.files.append(new.files[0])
        let error = try #require(throws: DeltaicError.self) { try database.publish(new) }
        #expect(error.code == .inconsistentVersion)
        #expect(error.places == ["m", "model.safetensors"])
    }

    @Test("a base version that is gone is refused")
    func missingBase() throws {
        let error = try #require(throws: DeltaicError.self) {
            try database.publish(newVersion("m", seed: "1", base: VersionID(rawValue: 77)))
        }
        #expect(error.code == .unknownVersion)
    }

    @Test("writers on two connections at once all get a number of their own")
    func concurrentWriters() async throws {
        let other = try CatalogDatabase.open(path: catalog.path)
        let connections = [database, other]
        let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<24 {
                group.addTask {
                    let new = try newVersion("m", seed: "\(index)", contents: [Content(word: "shared")])
                    return try connections[index % 2].publish(new).number
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(numbers.sorted() == Array(1...24))
        #expect(try other.check() == [])
    }
}
