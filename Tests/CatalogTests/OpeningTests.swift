import DeltaicCore
import DeltaicSchema
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("Opening a catalog")
struct OpeningTests {
    let directory: TemporaryDirectory
    var path: String { directory.path("catalog.sqlite") }

    init() throws { directory = try TemporaryDirectory() }

    func refusal(readOnly: Bool = false) throws -> DeltaicError {
        try #require(throws: DeltaicError.self) { try CatalogDatabase.open(path: path, readOnly: readOnly) }
    }

    @Test("what was published is there after the catalog is opened again, for reading too")
    func persists() throws {
        let version = try CatalogDatabase.create(path: path).publish(newVersion("m", seed: "1"))
        for readOnly in [false, true] {
            let database = try CatalogDatabase.open(path: path, readOnly: readOnly)
            #expect(try database.allVersions() == [version])
            #expect(try database.check() == [])
        }
    }

    @Test("a catalog is not created over a file")
    func createRefuses() throws {
        try directory.write("catalog.sqlite", [1, 2, 3])
        let error = try #require(throws: DeltaicError.self) { try CatalogDatabase.create(path: path) }
        #expect(error.code == .catalogExists)
    }

    @Test("a missing file is not found, and none is made", arguments: [true, false])
    func missing(readOnly: Bool) throws {
        #expect(try refusal(readOnly: readOnly).code.category == .notFound)
        #expect(try refusal(readOnly: readOnly).code == .catalogMissing)
    }

    @Test("a file that is no SQLite database is damaged, and is named", arguments: [true, false])
    func notADatabase(readOnly: Bool) throws {
        try directory.write("catalog.sqlite", [UInt8](repeating: 0x5a, count: 8192))
        let error = try refusal(readOnly: readOnly)
        #expect(error.code == .catalogDamaged)
        #expect(error.code.category == .damaged)
        #expect(error.places == [path])
    }

    @Test("an empty file is no catalog", arguments: [true, false])
    func emptyFile(readOnly: Bool) throws {
        try directory.write("catalog.sqlite", [])
        #expect(try refusal(readOnly: readOnly).code == .catalogDamaged)
    }

    @Test("a catalog that a newer version migrated is refused", arguments: [true, false])
    func newerSchema(readOnly: Bool) throws {
        let future = DeltaicSchema.catalogMigrations + [("v999-future", "CREATE TABLE future (x INTEGER) STRICT")]
        _ = try CatalogDatabase.create(path: path, migrations: future)
        let error = try refusal(readOnly: readOnly)
        #expect(error.code == .unsupported)
        #expect(error.description.contains("newer version of Deltaic"))
        try Evidence.record(family: 21, "catalogs of a newer version", tried: 1, outcomes: ["refused": 1])
    }

    @Test(
        "a catalog made with the first migrations alone can be opened and written",
        arguments: 1..<DeltaicSchema.catalogMigrations.count)
    func migratesFromFirst(count: Int) throws {
        _ = try CatalogDatabase.create(path: path, migrations: Array(DeltaicSchema.catalogMigrations.prefix(count)))
        let database = try CatalogDatabase.open(path: path)
        _ = try database.publish(newVersion("m", seed: "1", task: "t", tags: ["a"], contents: [Content(word: "x")]))
        #expect(try database.check() == [])
    }

    @Test("a catalog that is open for reading refuses changes")
    func readOnlyRefuses() throws {
        _ = try CatalogDatabase.create(path: path)
        let database = try CatalogDatabase.open(path: path, readOnly: true)
        let error = try #require(throws: DeltaicError.self) { try database.publish(newVersion("m", seed: "1")) }
        #expect(error.code == .catalogReadOnly)
    }

    @Test("a reader sees what another connection publishes")
    func readerFollows() throws {
        let writer = try CatalogDatabase.create(path: path)
        let reader = try CatalogDatabase.open(path: path, readOnly: true)
        let version = try writer.publish(newVersion("m", seed: "1"))
        #expect(try reader.allVersions() == [version])
    }

    @Test(
        "result codes of SQLite become codes to act on",
        arguments: [
            (5, DeltaicError.Code.catalogLocked), (6, .catalogLocked), (13, .noSpace), (11, .catalogDamaged),
            (26, .catalogDamaged), (8, .catalogReadOnly), (14, .ioFailure), (10, .ioFailure), (7, .outOfMemory),
            (19, .catalogFailure),
        ] as [(Int32, DeltaicError.Code)])
    func mapsResultCodes(result: Int32, code: DeltaicError.Code) {
        let error = DeltaicError.sqlite(code: result, message: "reason", path: "/registry/catalog")
        #expect(error.code == code)
        #expect(error.places == ["/registry/catalog"])
    }
}

@Suite struct MigrationTests {
    @Test("a catalog from before lossy codecs is brought up to date, and keeps what it has")
    func fromTheFirstSchema() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("catalog.sqlite")
        let first = try CatalogDatabase.create(path: path, migrations: [DeltaicSchema.catalogMigrations[0]])
        try first.write { database in
            try database.execute(
                sql: """
                    INSERT INTO models (name, is_base, last_number) VALUES ('old', 1, 1);
                    INSERT INTO versions (model_id, number, commit_id, tree_id, created_at, raw_bytes, stored_bytes,
                        tensor_count, file_count) VALUES (1, 1, zeroblob(20), zeroblob(20), 0, 5, 4, 0, 0);
                    """)
        }
        let catalog = try CatalogDatabase.open(path: path)
        let version = try #require(try catalog.newestVersion(of: ModelName("old")))
        #expect(version.lossyCodec == nil && version.score == nil)
        try catalog.addEvaluation(EvaluationRecord(command: "x", score: 0.5, createdAt: 1), to: version.id)
        #expect(try catalog.version(id: version.id)?.score == 0.5)
        #expect(try catalog.evaluations(of: version.id).count == 1 && catalog.recipe(of: version.id) == nil)
    }
}
