public import DeltaicCore
internal import GRDB

/// What the id of a Git object names in a model.
public enum GitTarget: Sendable {
    /// The commit of a version.
    case commit(VersionRecord)
    /// The outermost tree of a version.
    case tree(GitRootTree)
    /// A file, or its LFS pointer, of a version.
    case blob(FileEntry, version: VersionRecord)
    /// None of these. It may be an inner tree of one of these versions, those with folders, newest first.
    case other([GitRootTree])
}

/// The versions of a model, and what names them.
public struct ModelHistory: Sendable {
    public struct Name: Sendable {
        public let name: String
        public let version: VersionID
    }

    /// Newest first, those of branches too.
    public let versions: [VersionRecord]
    /// All but `main`.
    public let branches: [Name]
    public let tags: [Name]
}

/// The outermost tree of a version.
public struct GitRootTree: Hashable, Sendable {
    public let version: VersionID
    public let id: GitObjectID

    public init(version: VersionID, id: GitObjectID) {
        self.version = version
        self.id = id
    }
}

extension CatalogDatabase {
    /// All versions of a model, its branches and its tags, of the same moment; newest first, and sorted.
    ///
    /// - Throws: `.unknownModel`.
    public func history(
        of model: ModelName
    ) throws -> ModelHistory {
        try read { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            let versions = try database.rows(
                VersionRows.select + " WHERE v.model_id = ? ORDER BY v.number DESC", [id], VersionRows.record)
            func names(in table: String) throws -> [ModelHistory.Name] {
                try database.rows("SELECT name, version_id FROM \(table) WHERE model_id = ? ORDER BY name", [id]) {
                    ModelHistory.Name(
                        name: try $0.text(0), version: VersionID(rawValue: try $0.decode(Int64.self, atIndex: 1)))
                }
            }
            return ModelHistory(
                versions: versions, branches: try names(in: "branches"), tags: try names(in: "tags"))
        }
    }

    /// What a Git object id names among the versions of a model.
    ///
    /// - Throws: `.unknownModel`.
    public func gitTarget(_ id: GitObjectID, of model: ModelName) throws -> GitTarget {
        try read { database in
            let modelID = try VersionLookup(database: database, model: model).modelID()
            let commit = try database.first(
                VersionRows.select + " WHERE v.model_id = ? AND v.commit_id = ?", [modelID, id.blob],
                VersionRows.record)
            if let commit { return .commit(commit) }
            let roots = "SELECT v.id, v.tree_id FROM versions v WHERE v.model_id = ?"
            let tree = try database.first(roots + " AND v.tree_id = ? LIMIT 1", [modelID, id.blob], rootTree)
            if let tree { return .tree(tree) }
            if let blob = try self.blob(id, of: modelID, database) { return blob }
            return .other(
                try database.rows(
                    roots
                        + """
                         AND EXISTS (SELECT 1 FROM files f WHERE f.version_id = v.id AND instr(f.path, '/') > 0)
                        ORDER BY v.number DESC
                        """, [modelID], rootTree))
        }
    }

    private func blob(_ id: GitObjectID, of model: Int64, _ database: Database) throws -> GitTarget? {
        // CROSS JOIN keeps this order of the loops: a blob may be in the versions of thousands of other models.
        let found = try database.first(
            """
            SELECT \(FileEntryRows.columns), v.id
            FROM versions v CROSS JOIN files f ON f.git_blob_id = ?2 AND f.version_id = v.id
            WHERE v.model_id = ?1 ORDER BY v.number DESC LIMIT 1
            """, [model, id.blob]
        ) { (try FileEntryRows.record($0), VersionID(rawValue: try $0.decode(Int64.self, atIndex: 8))) }
        guard let (file, version) = found, let record = try VersionRows.version(version, database) else { return nil }
        return .blob(file, version: record)
    }

    private func rootTree(_ row: Row) throws -> GitRootTree {
        GitRootTree(version: VersionID(rawValue: try row.decode(Int64.self, atIndex: 0)), id: try row.fixed(1))
    }
}
