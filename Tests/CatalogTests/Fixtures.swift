import DeltaicCore
import DeltaicSchema
import GRDB
import TestSupport
import Testing

@testable import Catalog

/// A catalog of its own for one test.
struct TestCatalog {
    let directory: TemporaryDirectory
    let database: CatalogDatabase
    var path: String { database.path }

    init() throws {
        directory = try TemporaryDirectory()
        database = try CatalogDatabase.create(path: directory.path("catalog.sqlite"))
    }
}

/// Identities derived from a word, so that a test can say which content it means.
func digest(_ word: String) -> Digest {
    (try? Digest.sha256(Array(word.utf8))) ?? Digest(uncheckedBytes: [UInt8](repeating: 0, count: 32))
}

func gitID(_ word: String) -> GitObjectID { GitObjectID(uncheckedBytes: Array(digest(word).bytes.prefix(20))) }

func name(_ text: String) throws -> ModelName { try ModelName(text) }

/// One object of a new version: its content, and what it depends on.
struct Content {
    let word: String
    var base: String?
    var others: [String] = []
}

/// A version with one safetensors file, whose tensors are `contents` and `reused`, and one raw file.
///
/// `seed` makes the pack, the commit and the tree distinct.
func newVersion(
    _ model: String, seed: String, isBase: Bool = false, base: VersionID? = nil, task: String? = nil,
    tags: [String] = [], packBytes: Int = 1000, createdAt: Int = 1_700_000_000, contents: [Content] = [],
    reused: [String] = []
) throws -> NewVersion {
    let pack = PackRecord(id: digest("pack " + seed), byteCount: packBytes, createdAt: createdAt)
    let (header, config) = ("header " + seed, "config " + seed)
    let all = [Content(word: header), Content(word: config)] + contents
    let objects = all.enumerated().map { position, content in
        ObjectRecord(
            digest: digest(content.word), length: 64, pack: pack.id, position: position,
            codec: content.base == nil ? "solo" : "exact", storedBytes: 10, base: content.base.map(digest),
            depth: content.base == nil ? 0 : 1,
            dependencies: ([content.base].compactMap(\.self) + content.others).map(digest))
    }
    let shape = try #require(TensorShape([4, 8]))
    let tensors = (contents.map(\.word) + reused).map {
        TensorRecord(name: "layer.\($0)", type: .bfloat16, shape: shape, object: digest($0))
    }
    return NewVersion(
        model: try name(model), isBase: isBase, baseVersion: base, task: task, message: "message " + seed,
        metadata: ["author": "a \"quoted\" name", "seed": seed], tags: tags, commit: gitID("commit " + seed),
        tree: gitID("tree " + seed), parentCommit: gitID("parent " + seed), createdAt: createdAt, pack: pack,
        objects: objects,
        blocks: contents.map { BlockRecord(key: blockKey($0.word), object: digest($0.word), chunk: 3) },
        files: [
            FileRecord(
                path: "model.safetensors", size: 64 + 64 * tensors.count, sha256: digest("file " + seed),
                gitBlobID: gitID("blob " + seed), isLFS: true,
                content: .safetensors(header: digest(header), tensors: tensors)),
            FileRecord(
                path: "config.json", size: 64, sha256: digest(config), gitBlobID: gitID(config), isLFS: false,
                content: .raw(object: digest(config))),
        ])
}

func blockKey(_ word: String) -> BlockKey {
    Array(word.utf8).withUnsafeBytes { FastHash.blockKey($0) }
}

extension CatalogMigrations {
    /// The migrations that come before one.
    static func before(_ name: String) -> ArraySlice<(name: String, sql: String)> {
        DeltaicSchema.catalogMigrations.prefix { $0.name != name }
    }
}

extension CatalogDatabase {
    /// How SQLite would read a page, step by step.
    func plan(of statement: ListStatement) throws -> [String] {
        try read { database in
            try database.rows("EXPLAIN QUERY PLAN " + statement.sql, StatementArguments(statement.arguments)) {
                try $0.text(3)
            }
        }
    }
}
