public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Whether a text can be a tag.
    /// - Throws: `.invalidName`, or `.reservedTag` for a name that always means something else.
    public static func checkTag(_ tag: String) throws {
        try TagRule.check(tag)
    }

    /// Lets a tag name a version, whatever it named before.
    ///
    /// - Throws: `.invalidName` or `.reservedTag` if it can be no tag, `.unknownModel`, or `.unknownVersion` if the version
    ///   is not one of the model's.
    public func setTag(model: ModelName, tag: String, version: VersionID) throws {
        try TagRule.check(tag)
        try write { try setTag(model: model, tag: tag, version: version, $0) }
    }

    /// Makes a tag as Hub clients do, who also call tags `v1`.
    ///
    /// - Throws: `.tagExists`, or as ``setTag(model:tag:version:)``.
    public func createTag(model: ModelName, tag: String, version: VersionID) throws {
        try TagRule.check(tag, mayBeNumber: true)
        try write { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            guard try !database.exists("SELECT 1 FROM tags WHERE model_id = ? AND name = ?", [id, tag]) else {
                throw DeltaicError(.tagExists, "\(model) has a tag \"\(tag)\" already")
            }
            guard try !database.exists("SELECT 1 FROM branches WHERE model_id = ? AND name = ?", [id, tag]) else {
                throw DeltaicError(.tagExists, "\(model) has a branch \"\(tag)\"", advice: "choose another name")
            }
            try setTag(model: model, tag: tag, version: version, database)
        }
    }

    private func setTag(model: ModelName, tag: String, version: VersionID, _ database: Database) throws {
        let id = try VersionLookup(database: database, model: model).modelID()
        guard try database.exists("SELECT 1 FROM versions WHERE id = ? AND model_id = ?", [version.rawValue, id])
        else { throw DeltaicError(.unknownVersion, "the version to tag is not, or no longer, one of \(model)") }
        try TagRule.set(tag, model: id, version: version.rawValue, database)
    }

    /// Takes a tag away; the version stays.
    ///
    /// - Throws: `.unknownModel`, or `.unknownTag`, which says which tags there are.
    public func removeTag(model: ModelName, tag: String) throws {
        try write { database in
            let lookup = VersionLookup(database: database, model: model)
            let id = try lookup.modelID()
            try database.run("DELETE FROM tags WHERE model_id = ? AND name = ?", [id, tag])
            if database.changesCount == 0 { throw try lookup.unknownTag(tag, id) }
        }
    }
}

/// What can be a tag.
enum TagRule {
    /// A tag follows the rule of names, and means nothing else: not the newest version, not a version number.
    ///
    /// - Parameter mayBeNumber: whether it may look like a version number, which `NAME@v2` always is and `NAME:v2` never.
    static func check(_ tag: String, mayBeNumber: Bool = false) throws {
        try ModelName.check(tag, kind: "tag", limit: 128)
        // Git and the service take the last one for the newest version too.
        if tag == "latest" || tag == "main" || tag == "HEAD" {
            throw DeltaicError(
                .reservedTag, "\"\(tag)\" always names the newest version", advice: "use another name for the tag")
        }
        if !mayBeNumber, tag.first == "v", tag.dropFirst().utf8.allSatisfy({ (48...57).contains($0) }), tag.count > 1 {
            throw DeltaicError(
                .reservedTag, "\"\(tag)\" is a version number", advice: "use another name for the tag")
        }
    }

    static func set(_ tag: String, model: Int64, version: Int64, _ database: Database) throws {
        try database.run(
            """
            INSERT INTO tags (model_id, name, version_id, commit_id)
            SELECT ?, ?, id, commit_id FROM versions WHERE id = ?
            ON CONFLICT (model_id, name) DO UPDATE SET version_id = excluded.version_id, commit_id = excluded.commit_id
            """, [model, tag, version])
    }
}
