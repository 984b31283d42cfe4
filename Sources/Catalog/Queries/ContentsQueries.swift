public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The version that a user names, with its files.
    ///
    /// - Throws: as ``version(_:)``.
    public func contents(of reference: VersionReference) throws -> VersionContents {
        try read { database in
            let version = try VersionLookup(database: database, model: reference.model).version(reference.selector)
            return try ContentsRows.contents(of: version, database)
        }
    }

    /// The version with an id and its files, nil if it is not, or no longer, registered.
    public func contents(of version: VersionID) throws -> VersionContents? {
        try read { database in
            try VersionRows.version(version, database).map { try ContentsRows.contents(of: $0, database) }
        }
    }

    /// The version with an id, its files and the packs without which it cannot be read; nil if it is not, or no longer, registered.
    public func contentsAndPacks(of version: VersionID) throws -> (contents: VersionContents, packs: [Digest])? {
        try read { database in
            guard let record = try VersionRows.version(version, database) else { return nil }
            return (
                try ContentsRows.contents(of: record, database), try PackRows.packs(neededBy: version, database)
            )
        }
    }
}

private enum ContentsRows {
    static func contents(of version: VersionRecord, _ database: Database) throws -> VersionContents {
        VersionContents(
            version: version, files: try FileRows.files(of: version.id, database),
            pack: try PackRows.pack(of: version.id, database)?.id)
    }
}
