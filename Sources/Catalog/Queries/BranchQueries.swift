public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The newest version of a branch, nil if there is no such branch.
    ///
    /// - Parameter branch: nil for `main`.
    /// - Throws: `.unknownModel`.
    public func head(of branch: String?, in model: ModelName) throws -> VersionRecord? {
        guard let branch else { return try version(VersionReference(model: model, selector: .latest)) }
        return try read { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            return try database.first(
                VersionRows.select + " WHERE v.id = (SELECT version_id FROM branches WHERE model_id = ? AND name = ?)",
                [id, branch], VersionRows.record)
        }
    }

    /// Makes a branch that begins at a version.
    ///
    /// - Throws: `.invalidName`, `.unknownModel`, `.branchExists`, or `.unknownVersion` if the version is not one of the
    ///   model's.
    public func createBranch(_ branch: String, of model: ModelName, at version: VersionID) throws {
        try BranchRows.check(branch)
        try write { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            for (table, kind) in [("branches", "branch"), ("tags", "tag")] {
                guard try !database.exists("SELECT 1 FROM \(table) WHERE model_id = ? AND name = ?", [id, branch])
                else { throw DeltaicError(.branchExists, "\(model) has a \(kind) \"\(branch)\" already") }
            }
            guard try database.exists("SELECT 1 FROM versions WHERE id = ? AND model_id = ?", [version.rawValue, id])
            else { throw DeltaicError(.unknownVersion, "the branch's first version is not, or no longer, registered") }
            try BranchRows.set(branch, model: id, version: version.rawValue, database)
        }
    }

    /// Takes a branch away; its versions stay.
    ///
    /// - Throws: `.unknownModel`, `.unknownBranch`.
    public func removeBranch(_ branch: String, of model: ModelName) throws {
        try write { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            try database.run("DELETE FROM branches WHERE model_id = ? AND name = ?", [id, branch])
            guard database.changesCount > 0 else {
                throw DeltaicError(.unknownBranch, "\(model) has no branch \"\(branch)\"")
            }
        }
    }
}

/// What can be a branch, and how it is stored.
enum BranchRows {
    /// A branch follows Git's rule for names: parts like a tag's with slashes between them.
    static func check(_ branch: String) throws {
        guard branch.utf8.count <= 200 else {
            throw DeltaicError(.invalidName, "the name of a branch is too long", expected: "at most 200 characters")
        }
        guard !["main", "latest", "HEAD"].contains(branch) else {
            throw DeltaicError(.branchExists, "the branch \"\(branch)\" is always there")
        }
        for part in branch.split(separator: "/", omittingEmptySubsequences: false) {
            try ModelName.check(String(part), kind: "branch", limit: 128)
            guard !part.hasSuffix(".lock") else {
                throw DeltaicError(.invalidName, "Git refuses names that end in .lock", at: ["branch \(branch)"])
            }
        }
        guard GitObjectID(hex: branch) == nil else {
            throw DeltaicError(.invalidName, "the name of the branch is a commit id", at: ["branch \(branch)"])
        }
    }

    static func set(_ branch: String, model: Int64, version: Int64, _ database: Database) throws {
        try database.run(
            """
            INSERT INTO branches (model_id, name, version_id, commit_id)
            SELECT ?, ?, id, commit_id FROM versions WHERE id = ?
            ON CONFLICT (model_id, name) DO UPDATE SET version_id = excluded.version_id, commit_id = excluded.commit_id
            """, [model, branch, version])
    }
}
