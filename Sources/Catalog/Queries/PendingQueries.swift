public import DeltaicCore
internal import GRDB

/// A version that is to be compressed.
public struct PendingVersion: Sendable {
    public let version: VersionRecord
    /// How often it was tried.
    public let attempts: Int
    /// What went wrong the last time.
    public let problem: String?
    /// The only namespace that whoever pushed it may see; nil for all.
    public let namespace: String?
}

extension CatalogDatabase {
    /// The versions with files that are stored as a client sent them, in the order in which they came.
    public func pendingVersions() throws -> [PendingVersion] {
        try read { database in
            try database.rows(
                """
                SELECT \(VersionRows.columns), p.attempts, p.problem, p.namespace
                FROM pending_versions p JOIN versions v ON v.id = p.version_id JOIN models m ON m.id = v.model_id
                \(VersionRows.joins) ORDER BY v.id
                """
            ) { row in
                PendingVersion(
                    version: try VersionRows.record(row), attempts: try row.int(VersionRows.columnCount),
                    problem: try row.ifPresent(VersionRows.columnCount + 1, row.text),
                    namespace: try row.ifPresent(VersionRows.columnCount + 2, row.text))
            }
        }
    }

    /// Notes that a version could not be compressed.
    public func notePending(_ version: VersionID, problem: String) throws {
        try write {
            try $0.run(
                "UPDATE pending_versions SET attempts = attempts + 1, problem = ? WHERE version_id = ?",
                [problem, version.rawValue])
        }
    }

    /// Those of these objects that are stored as uploads, or in the pack of a version: they may be written anew.
    public func movableObjects(_ digests: [Digest], for version: VersionID? = nil) throws -> Set<Digest> {
        try read { database in
            var found: Set<Digest> = []
            for digest in Set(digests)
            where try database.exists(
                """
                SELECT 1 FROM objects o JOIN packs p ON p.id = o.pack_id
                WHERE o.sha256 = ? AND (p.is_upload = 1 OR p.version_id = ?)
                """, [digest.blob, version?.rawValue])
            {
                found.insert(digest)
            }
            return found
        }
    }

    /// Whether a model has a version with this commit id.
    public func hasCommit(_ commit: GitObjectID, in model: ModelName) throws -> Bool {
        try read {
            try $0.exists(
                """
                SELECT 1 FROM versions WHERE commit_id = ? AND model_id = (SELECT id FROM models WHERE name = ?)
                """, [commit.blob, model.description])
        }
    }

    /// Versions with a file of these bytes, newest first, each with its model; at most a thousand.
    ///
    /// - Parameters:
    ///   - isCompressed: only those in which the file is stored as tensors.
    ///   - model: only those of this model.
    public func versions(
        withFile sha256: Digest, isCompressed: Bool = false, of model: ModelName? = nil
    ) throws -> [(version: VersionID, model: ModelName)] {
        try read { database in
            try database.rows(
                """
                SELECT DISTINCT v.id, m.name FROM files f CROSS JOIN versions v ON v.id = f.version_id
                CROSS JOIN models m ON m.id = v.model_id
                WHERE f.sha256 = ?1 AND (?2 = 0 OR f.is_safetensors = 1) AND (?3 IS NULL OR m.name = ?3)
                ORDER BY v.id DESC LIMIT 1000
                """, [sha256.blob, isCompressed ? 1 : 0, model?.description]
            ) { (VersionID(rawValue: try $0.decode(Int64.self, atIndex: 0)), try $0.modelName(1)) }
        }
    }
}
