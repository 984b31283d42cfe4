public import DeltaicCore
internal import GRDB

// No tensor is read: a listing costs what the files are, not what is in them.
extension CatalogDatabase {
    /// The files of a version, in the order in which they were published.
    ///
    /// - Throws: `.unknownVersion` if the version is not, or no longer, registered: it is never taken for one without files.
    public func fileEntries(of version: VersionID) throws -> [FileEntry] {
        try read { database in
            guard try VersionRows.isRegistered(version, database) else { throw DeltaicError.removedMeanwhile }
            return try FileEntryRows.entries(of: version, database)
        }
    }

    /// A version and its files, of the same moment.
    ///
    /// - Throws: as ``version(_:)``.
    public func fileEntries(
        of reference: VersionReference
    ) throws -> (version: VersionRecord, files: [FileEntry]) {
        try read { database in
            let version = try VersionLookup(database: database, model: reference.model).version(reference.selector)
            return (version, try FileEntryRows.entries(of: version.id, database))
        }
    }

    /// A version and one of its files, nil if it has none of that path, of the same moment.
    ///
    /// - Throws: as ``version(_:)``.
    public func fileEntry(
        path: String, of reference: VersionReference
    ) throws -> (version: VersionRecord, file: FileEntry?) {
        try read { database in
            let version = try VersionLookup(database: database, model: reference.model).version(reference.selector)
            return (version, try FileEntryRows.entry(path: path, of: version.id, database))
        }
    }
}

/// How a file is read from its row alone.
enum FileEntryRows {
    static let columns = """
        f.path, f.size, f.sha256, f.git_blob_id, f.is_lfs, f.is_safetensors, \
        (SELECT o.sha256 FROM objects o WHERE o.id = f.object_id), \
        (SELECT g.sha256 FROM original_files g WHERE g.file_id = f.id)
        """

    static func record(_ row: Row) throws -> FileEntry {
        try FileEntry(
            path: row.text(0), size: row.int(1), sha256: row.fixed(2), gitBlobID: row.fixed(3), isLFS: row.flag(4),
            isSafetensors: row.flag(5), head: row.fixed(6), original: row.ifPresent(7) { try row.fixed($0) })
    }

    static func entries(of version: VersionID, _ database: Database) throws -> [FileEntry] {
        try database.rows(
            "SELECT \(columns) FROM files f WHERE f.version_id = ? ORDER BY f.id", [version.rawValue], record)
    }

    static func entry(path: String, of version: VersionID, _ database: Database) throws -> FileEntry? {
        try database.first(
            "SELECT \(columns) FROM files f WHERE f.version_id = ? AND f.path = ?", [version.rawValue, path], record)
    }
}
