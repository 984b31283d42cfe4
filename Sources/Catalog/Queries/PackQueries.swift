public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Every pack that the registry needs, in the order in which they were registered.
    public func packs() throws -> [PackRecord] {
        try read { try $0.rows(PackRows.select + " ORDER BY id", [], PackRows.record) }
    }

    /// The pack with an id, nil if the catalog does not know it.
    public func pack(_ id: Digest) throws -> PackRecord? {
        try read { try $0.first(PackRows.select + " WHERE sha256 = ?", [id.blob], PackRows.record) }
    }

    /// The pack that a version wrote; nil if another version had stored the same pack before.
    public func pack(of version: VersionID) throws -> PackRecord? {
        try read { try $0.first(PackRows.select + " WHERE version_id = ?", [version.rawValue], PackRows.record) }
    }

    /// The packs without which a version cannot be read: those with its objects, and with what these are decoded from.
    ///
    /// - Returns: each once, in the order in which they were registered; nothing if the version is not registered.
    public func packs(neededBy version: VersionID) throws -> [Digest] {
        try read { database in
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
}

/// How a pack is read from its row.
enum PackRows {
    static let select = "SELECT sha256, byte_count, created_at FROM packs"

    static func record(_ row: Row) throws -> PackRecord {
        PackRecord(id: try row.fixed(0), byteCount: try row.int(1), createdAt: try row.int(2))
    }
}
