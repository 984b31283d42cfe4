internal import DeltaicCore
internal import GRDB

/// A pack, and whose it is.
public struct PackEntry: Sendable {
    public let pack: PackRecord
    /// `name@v1`; nil if it belongs to no version.
    public let version: String?
    public let isUpload: Bool
    public let objectCount: Int
}

extension CatalogDatabase {
    /// A page of the packs that are needed, the largest first.
    public func packListings(offset: Int, limit: Int) throws -> [PackEntry] {
        try read { database in
            try database.rows(
                """
                SELECT p.sha256, p.byte_count, p.created_at, m.name, v.number, p.is_upload,
                    (SELECT count(*) FROM objects o WHERE o.pack_id = p.id)
                FROM (SELECT * FROM packs WHERE garbage_since IS NULL ORDER BY byte_count DESC, id LIMIT ?1 OFFSET ?2) p
                LEFT JOIN versions v ON v.id = p.version_id LEFT JOIN models m ON m.id = v.model_id
                ORDER BY p.byte_count DESC, p.id
                """, [max(0, limit), max(0, offset)]
            ) { row in
                let name = try row.ifPresent(3, row.modelName)
                return PackEntry(
                    pack: try PackRows.record(row),
                    version: try name.map { "\($0)@v\(try row.int(4))" }, isUpload: try row.flag(5),
                    objectCount: try row.int(6))
            }
        }
    }
}
