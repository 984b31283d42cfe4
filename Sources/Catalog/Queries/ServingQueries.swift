public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// How many elements of each dtype the tensors of a version have.
    public func elementCounts(of version: VersionID) throws -> [ElementType: Int] {
        try read { database in
            var counts: [ElementType: Int] = [:]
            let rows = try database.rows(
                """
                SELECT x.dtype, x.shape FROM files f CROSS JOIN tensors x ON x.file_id = f.id WHERE f.version_id = ?
                """, [version.rawValue]
            ) { row in
                let (type, shape) = (try row.text(0), try row.text(1))
                guard let type = ElementType(rawValue: type) else {
                    throw DeltaicError.damagedRow("\"\(type)\" is no dtype")
                }
                return (type, try FileRows.shape(shape, of: type).elementCount)
            }
            for (type, count) in rows { counts[type, default: 0] += count }
            return counts
        }
    }

    /// A large file of a model with each of these digests, in its newest version that has one; those that it lacks are left out.
    public func largeFiles(
        _ digests: [Digest], of model: ModelName
    ) throws -> [Digest: (commit: GitObjectID, path: String, size: Int)] {
        try read { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            var found: [Digest: (commit: GitObjectID, path: String, size: Int)] = [:]
            let wanted = Set(digests)
            let rows = try database.rows(
                """
                SELECT f.sha256, v.commit_id, f.path, f.size FROM versions v CROSS JOIN files f ON f.version_id = v.id
                WHERE v.model_id = ? AND f.is_lfs = 1 ORDER BY v.number DESC
                """, [id]
            ) { row -> (Digest, (GitObjectID, String, Int)) in
                (try row.fixed(0), (try row.fixed(1), try row.text(2), try row.int(3)))
            }
            for (digest, place) in rows where wanted.contains(digest) && found[digest] == nil { found[digest] = place }
            return found
        }
    }
}
