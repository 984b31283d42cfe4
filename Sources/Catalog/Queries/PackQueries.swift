public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Every pack that the registry needs, in the order in which they were registered.
    public func packs() throws -> [PackRecord] {
        try read { try $0.rows(PackRows.select + " WHERE garbage_since IS NULL ORDER BY id", [], PackRows.record) }
    }

    /// The pack with an id, nil if the catalog does not know it; garbage is known until it is deleted.
    public func pack(_ id: Digest) throws -> PackRecord? {
        try read { try $0.first(PackRows.select + " WHERE sha256 = ?", [id.blob], PackRows.record) }
    }

    /// The pack that a version wrote; nil if another version had stored the same pack before.
    public func pack(of version: VersionID) throws -> PackRecord? {
        try read { try PackRows.pack(of: version, $0) }
    }

    /// The version that a pack belongs to; nil if it belongs to none.
    public func version(writing pack: Digest) throws -> VersionRecord? {
        try read {
            try $0.first(
                VersionRows.select + " WHERE v.id = (SELECT version_id FROM packs WHERE sha256 = ?)", [pack.blob],
                VersionRows.record)
        }
    }

    /// The versions that cannot be read without one of these objects, in the order in which they were registered.
    public func versions(needing objects: Set<Digest>) throws -> [VersionRecord] {
        try read { database in
            let list = "[" + objects.map { "\"\($0.hex)\"" }.sorted().joined(separator: ",") + "]"
            return try database.rows(
                """
                WITH RECURSIVE affected (id) AS (
                    SELECT id FROM objects WHERE lower(hex(sha256)) IN (SELECT value FROM json_each(?))
                    UNION SELECT d.object_id FROM affected CROSS JOIN object_dependencies d ON d.dependency_id = affected.id)
                \(VersionRows.select) WHERE v.id IN (
                    SELECT f.version_id FROM files f WHERE f.object_id IN affected
                    UNION SELECT f.version_id FROM tensors x JOIN files f ON f.id = x.file_id WHERE x.object_id IN affected)
                ORDER BY v.id
                """, [list], VersionRows.record)
        }
    }
}

/// How a pack is read from its row.
enum PackRows {
    static let select = "SELECT sha256, byte_count, created_at FROM packs"

    static func record(_ row: Row) throws -> PackRecord {
        PackRecord(id: try row.fixed(0), byteCount: try row.int(1), createdAt: try row.int(2))
    }

    static func pack(of version: VersionID, _ database: Database) throws -> PackRecord? {
        try database.first(select + " WHERE version_id = ?", [version.rawValue], record)
    }

    /// The packs without which a version cannot be read: those with its objects, and with what these are decoded from.
    ///
    /// - Returns: each once, in the order in which they were registered.
    static func packs(neededBy version: VersionID, _ database: Database) throws -> [Digest] {
        try database.rows(
            """
            WITH RECURSIVE needed (id) AS (
                SELECT object_id FROM files WHERE version_id = ?1
                UNION SELECT x.object_id FROM files f CROSS JOIN tensors x ON x.file_id = f.id WHERE f.version_id = ?1
                UNION SELECT d.dependency_id FROM needed n CROSS JOIN object_dependencies d ON d.object_id = n.id)
            SELECT p.sha256 FROM packs p
            WHERE p.id IN (SELECT o.pack_id FROM needed n CROSS JOIN objects o ON o.id = n.id)
                OR p.version_id = ?1
            ORDER BY p.id
            """, [version.rawValue]
        ) { try $0.fixed(0) }
    }
}
