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
}

/// How a pack is read from its row.
enum PackRows {
    static let select = "SELECT sha256, byte_count, created_at FROM packs"

    static func record(_ row: Row) throws -> PackRecord {
        PackRecord(id: try row.fixed(0), byteCount: try row.int(1), createdAt: try row.int(2))
    }
}
