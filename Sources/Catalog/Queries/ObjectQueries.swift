public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Where an object is stored, nil if it is not.
    public func object(_ digest: Digest) throws -> ObjectRecord? {
        try read { try ObjectRows.object(digest, $0) }
    }

    /// Where objects are stored; those that are not are left out.
    public func objects(_ digests: [Digest]) throws -> [Digest: ObjectRecord] {
        try read { database in
            var found: [Digest: ObjectRecord] = [:]
            for digest in digests where found[digest] == nil { found[digest] = try ObjectRows.object(digest, database) }
            return found
        }
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
    static let select = """
        SELECT o.id, o.sha256, o.length, p.sha256, o.position, o.codec, o.stored_bytes, o.depth \
        FROM objects o JOIN packs p ON p.id = o.pack_id
        """

    static func object(_ digest: Digest, _ database: Database) throws -> ObjectRecord? {
        try database.first(select + " WHERE o.sha256 = ?", [digest.blob]) { try record($0, database) }
    }

    static func record(_ row: Row, _ database: Database) throws -> ObjectRecord {
        var base: Digest?
        let dependencies = try database.rows(
            """
            SELECT o.sha256, d.is_base FROM object_dependencies d CROSS JOIN objects o ON o.id = d.dependency_id
            WHERE d.object_id = ? ORDER BY d.ordinal
            """, [row.decode(Int64.self, atIndex: 0)]
        ) { row in
            let digest: Digest = try row.fixed(0)
            if try row.flag(1) { base = digest }
            return digest
        }
        return try ObjectRecord(
            digest: row.fixed(1), length: row.int(2), pack: row.fixed(3), position: row.int(4), codec: row.text(5),
            storedBytes: row.int(6), base: base, depth: row.int(7), dependencies: dependencies)
    }
}
