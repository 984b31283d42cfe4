import DeltaicCore
import DeltaicSchema
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("Access tokens in the catalog")
struct TokenTests {
    let catalog: TestCatalog
    var database: CatalogDatabase { catalog.database }

    init() throws { catalog = try TestCatalog() }

    func token(_ name: String, scope: String = "read", expiresAt: Int? = nil) -> TokenRecord {
        TokenRecord(name: name, scope: scope, namespace: "org", createdAt: 1000, expiresAt: expiresAt)
    }

    @Test("a token is found by its hash, for reading too, and only by that")
    func lookup() throws {
        try database.addToken(token("a"), sha256: digest("a"))
        try database.addToken(token("b", scope: "admin", expiresAt: 2000), sha256: digest("b"))
        let reader = try CatalogDatabase.open(path: catalog.path, readOnly: true)
        for database in [database, reader] {
            #expect(try database.token(sha256: digest("a"), at: 1000) == token("a"))
            #expect(try database.token(sha256: digest("c"), at: 1000) == nil)
            #expect(try database.tokens() == [token("a"), token("b", scope: "admin", expiresAt: 2000)])
        }
    }

    @Test("a token ends at its second, and is still listed")
    func expiry() throws {
        try database.addToken(token("a", expiresAt: 2000), sha256: digest("a"))
        #expect(try database.token(sha256: digest("a"), at: 1999) != nil)
        #expect(try database.token(sha256: digest("a"), at: 2000) == nil)
        #expect(try database.tokens().count == 1)
    }

    @Test("a name is taken until its token is removed; the first stays as it was")
    func duplicate() throws {
        try database.addToken(token("a"), sha256: digest("a"))
        let error = try #require(throws: DeltaicError.self) {
            try database.addToken(token("a", scope: "admin"), sha256: digest("b"))
        }
        #expect(error.code == .tokenExists && error.code.category == .conflict)
        #expect(try database.tokens() == [token("a")])
        #expect(try database.removeToken(named: "a") == token("a"))
        try database.addToken(token("a", scope: "admin"), sha256: digest("b"))
        #expect(try database.token(sha256: digest("a"), at: 1000) == nil)
    }

    @Test("removing an unknown token says which there are")
    func unknown() throws {
        func refusal() throws -> DeltaicError {
            try #require(throws: DeltaicError.self) { try database.removeToken(named: "gone") }
        }
        #expect(try refusal().advice == "there are no tokens at all")
        for name in ["b", "a"] { try database.addToken(token(name), sha256: digest(name)) }
        #expect(try refusal().code == .unknownToken && refusal().code.category == .notFound)
        #expect(try refusal().advice == "there are the tokens a, b")
    }

    @Test("names and namespaces that no model could have are refused", arguments: ["", "a b", "../a", "a/b", "-a"])
    func badNames(name: String) throws {
        let error = try #require(throws: DeltaicError.self) { try database.addToken(token(name), sha256: digest("a")) }
        #expect(error.code == .invalidName)
        let inNamespace = TokenRecord(name: "a", scope: "read", namespace: name, createdAt: 1, expiresAt: nil)
        #expect(throws: DeltaicError.self) { try database.addToken(inNamespace, sha256: digest("a")) }
        #expect(try database.tokens().isEmpty)
    }

    @Test("the schema refuses another scope, a hash twice or of another length, and an end before the beginning")
    func schemaRefuses() throws {
        try database.addToken(token("a"), sha256: digest("a"))
        #expect(throws: DeltaicError.self) { try database.addToken(token("b"), sha256: digest("a")) }
        #expect(throws: DeltaicError.self) { try database.addToken(token("b", scope: "root"), sha256: digest("b")) }
        #expect(throws: DeltaicError.self) { try database.addToken(token("b", expiresAt: 1000), sha256: digest("b")) }
        #expect(throws: DeltaicError.self) {
            try database.write {
                try $0.execute(
                    sql: "INSERT INTO tokens (name, sha256, scope, created_at) VALUES ('b', zeroblob(31), 'read', 1)")
            }
        }
        #expect(try database.tokens() == [token("a")])
    }

    @Test("a lookup goes through the unique index of hashes")
    func usesIndex() throws {
        let plan = try database.read { database in
            try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN SELECT name FROM tokens WHERE sha256 = x'00'")
                .map { try $0.decode(String.self, forColumn: "detail") }
        }
        #expect(plan.count == 1 && plan[0].hasPrefix("SEARCH tokens USING INDEX"), "\(plan)")
    }

    @Test("a catalog from before tokens gets them, and keeps what it has")
    func migrates() throws {
        let path = catalog.directory.path("older.sqlite")
        let older = try CatalogDatabase.create(
            path: path, migrations: DeltaicSchema.catalogMigrations.filter { $0.name < "v003" })
        try older.write { database in
            try database.run("INSERT INTO models (name, is_base, last_number) VALUES ('m', 1, 1)")
            try database.run(
                """
                INSERT INTO versions (model_id, number, commit_id, tree_id, created_at, raw_bytes, stored_bytes,
                    tensor_count, file_count) VALUES (1, 1, randomblob(20), zeroblob(20), 7, 0, 0, 0, 0)
                """)
        }
        #expect(throws: DeltaicError.self) { try CatalogDatabase.open(path: path, readOnly: true) }
        let database = try CatalogDatabase.open(path: path)
        try database.addToken(token("a"), sha256: digest("a"))
        #expect(try database.allVersions().map(\.reference) == ["m@v1"])
        #expect(try database.check() == [])
        #expect(try CatalogDatabase.open(path: path, readOnly: true).tokens() == [token("a")])
    }
}
