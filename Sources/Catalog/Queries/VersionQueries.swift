public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The version that a user names.
    ///
    /// - Throws: `.unknownModel`, `.unknownVersion` or `.unknownTag`, which say what there is instead; `.ambiguousCommit`
    ///   if the digits of a commit id fit more than one version.
    public func version(_ reference: VersionReference) throws -> VersionRecord {
        try read { try VersionLookup(database: $0, model: reference.model).version(reference.selector) }
    }

    /// The version with an id, nil if it is not, or no longer, registered.
    public func version(id: VersionID) throws -> VersionRecord? {
        try read { try VersionRows.version(id, $0) }
    }

    /// The versions of a model, newest first.
    ///
    /// - Throws: `.unknownModel`.
    public func versions(of model: ModelName) throws -> [VersionRecord] {
        try read { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            return try database.rows(
                VersionRows.select + " WHERE v.model_id = ? ORDER BY v.number DESC", [id], VersionRows.record)
        }
    }

    /// The newest version of a model whose files are exactly those of a Git tree.
    public func version(of model: ModelName, tree: GitObjectID) throws -> VersionRecord? {
        try read { database in
            try database.first(
                VersionRows.select
                    + " WHERE v.model_id = (SELECT id FROM models WHERE name = ?) AND v.tree_id = ? ORDER BY v.number DESC",
                [model.description, tree.blob], VersionRows.record)
        }
    }

    /// Every version, in the order in which they were registered.
    public func allVersions() throws -> [VersionRecord] {
        try read { try $0.rows(VersionRows.select + " ORDER BY v.id", [], VersionRows.record) }
    }

    /// Whether versions of other models are deltas of a version of this one.
    public func hasDependants(_ model: ModelName) throws -> Bool {
        try read {
            try $0.exists(
                """
                SELECT 1 FROM versions v WHERE v.base_version_id IN
                    (SELECT b.id FROM versions b JOIN models m ON m.id = b.model_id WHERE m.name = ?)
                """, [model.description])
        }
    }
}
