public import DeltaicCore
internal import Foundation
internal import GRDB

extension CatalogDatabase {
    /// Where an object is stored, nil if it is not.
    public func object(_ digest: Digest) throws -> ObjectRecord? {
        try read { try ObjectRows.object(digest, $0) }
    }

    /// Where objects are stored; those that are not are left out.
    public func objects(_ digests: [Digest]) throws -> [Digest: ObjectRecord] {
        try read { try ObjectRows.objects(digests, $0) }
    }

    /// The objects of a pack, in the order of its index.
    ///
    /// An object that a concurrent writer stored first is not among them, although the pack holds it too.
    public func objects(inPack pack: Digest) throws -> [ObjectRecord] {
        try read { database in
            try database.rows(
                ObjectRows.select
                    + " WHERE o.pack_id = (SELECT id FROM packs WHERE sha256 = ?) ORDER BY o.position", [pack.blob]
            ) { try ObjectRows.record($0, database) }
        }
    }

    /// Where blocks with these keys were first seen; the bytes must be compared before they are taken to be equal.
    public func blocks(withKey keys: [BlockKey]) throws -> [BlockKey: (object: Digest, chunk: Int)] {
        try read { database in
            var found: [BlockKey: (object: Digest, chunk: Int)] = [:]
            for key in keys where found[key] == nil {
                found[key] = try database.first(
                    """
                    SELECT o.sha256, b.chunk FROM blocks b CROSS JOIN objects o ON o.id = b.object_id WHERE b.key = ?
                    """, [key.blob]
                ) { (try $0.fixed(0), try $0.int(1)) }
            }
            return found
        }
    }
}

/// How an object is read from its rows.
enum ObjectRows {
    private static let columns =
        "o.id, o.sha256, o.length, p.sha256, o.position, o.codec, o.stored_bytes, o.depth"
    static let select = "SELECT \(columns) FROM objects o JOIN packs p ON p.id = o.pack_id"

    static func object(_ digest: Digest, _ database: Database) throws -> ObjectRecord? {
        try database.first(select + " WHERE o.sha256 = ?", [digest.blob]) { try record($0, database) }
    }

    /// Two statements, however many they are: to run one costs more than the rows of an object.
    static func objects(_ digests: [Digest], _ database: Database) throws -> [Digest: ObjectRecord] {
        guard !digests.isEmpty else { return [:] }
        let keys = Data(Set(digests).flatMap(\.bytes))
        let arguments: StatementArguments = [keys, keys.count / Digest.byteCount]
        var dependencies: [Int64: [Dependency]] = [:]
        _ = try database.rows(
            """
            \(asked)
            SELECT d.object_id, n.sha256, d.is_base FROM asked CROSS JOIN objects o ON o.sha256 = asked.sha256
            CROSS JOIN object_dependencies d ON d.object_id = o.id CROSS JOIN objects n ON n.id = d.dependency_id
            ORDER BY d.object_id, d.ordinal
            """, arguments
        ) { row in
            dependencies[try row.decode(Int64.self, atIndex: 0), default: []].append(
                (try row.fixed(1), try row.flag(2)))
        }
        let records = try database.rows(
            """
            \(asked)
            SELECT \(columns) FROM asked CROSS JOIN objects o ON o.sha256 = asked.sha256
            CROSS JOIN packs p ON p.id = o.pack_id
            """, arguments
        ) { row in
            try record(row, dependencies[try row.decode(Int64.self, atIndex: 0)] ?? [])
        }
        return Dictionary(records.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The digests that are asked for, as rows: they are bound as the bytes of all, one after the other, and their number.
    private static let asked = """
        WITH RECURSIVE
            places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < ?2),
            asked (sha256) AS (SELECT substr(?1, 32 * place + 1, 32) FROM places)
        """

    private typealias Dependency = (digest: Digest, isBase: Bool)

    static func record(_ row: Row, _ database: Database) throws -> ObjectRecord {
        let dependencies = try database.rows(
            """
            SELECT o.sha256, d.is_base FROM object_dependencies d CROSS JOIN objects o ON o.id = d.dependency_id
            WHERE d.object_id = ? ORDER BY d.ordinal
            """, [row.decode(Int64.self, atIndex: 0)]
        ) { (try $0.fixed(0), try $0.flag(1)) as Dependency }
        return try record(row, dependencies)
    }

    private static func record(_ row: Row, _ dependencies: [Dependency]) throws -> ObjectRecord {
        try ObjectRecord(
            digest: row.fixed(1), length: row.int(2), pack: row.fixed(3), position: row.int(4), codec: row.text(5),
            storedBytes: row.int(6), base: dependencies.last(where: \.isBase)?.digest, depth: row.int(7),
            dependencies: dependencies.map(\.digest))
    }
}
