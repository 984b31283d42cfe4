internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Gives a version another pack, and other objects for the same files; its number, its commit and the bytes of its files stay.
    ///
    /// The pack must be durable, and must reproduce the files. Objects that lay in the version's pack so far, or in uploads, and that the new pack holds too, are taken from that from now on. The version is pending no longer.
    ///
    /// - Parameters:
    ///   - id: the version.
    ///   - version: what is known of it now; its files have the paths, the sizes and the SHA-256 that they had.
    /// - Returns: the packs that nothing needs any more, which are garbage now.
    /// - Throws: `.unknownVersion` if the version is gone, `.notPending` if somebody else was faster, `.missingObject` if an object that is referred to is gone,
    ///   `.inconsistentVersion` if the files are others.
    public func replace(_ id: VersionID, with version: NewVersion) throws -> [PackRecord] {
        try write { database in
            guard let old = try VersionRows.version(id, database), old.commit == version.commit else {
                throw DeltaicError(.unknownVersion, "\(version.model) lost a version while it was compressed")
            }
            guard try database.exists("SELECT 1 FROM pending_versions WHERE version_id = ?", [id.rawValue]) else {
                throw DeltaicError(.notPending, "\(old.reference) was compressed by another process meanwhile")
            }
            let replacement = Publication(database: database, version: version)
            try replacement.checkBase()
            try Self.checkSameFiles(old, version, database)
            let own = try database.rows("SELECT id FROM packs WHERE version_id = ?", [id.rawValue]) {
                try $0.decode(Int64.self, atIndex: 0)
            }
            try database.run("UPDATE packs SET version_id = NULL WHERE version_id = ?", [id.rawValue])
            let pack = try replacement.pack()
            try database.run("UPDATE packs SET version_id = ? WHERE id = ?", [id.rawValue, pack.id])
            var objects = ObjectIDs(database: database)
            try naming(old.reference) {
                try replacement.insertObjects(pack: pack.id, movingFrom: own, &objects)
                try database.run("DELETE FROM files WHERE version_id = ?", [id.rawValue])
                try replacement.insertFiles(version: id.rawValue, &objects)
            }
            try database.run(
                "UPDATE versions SET base_version_id = ?, stored_bytes = ?, tensor_count = ? WHERE id = ?",
                [
                    version.baseVersion?.rawValue, version.pack.byteCount,
                    version.files.reduce(0) { $0 + $1.tensors.count }, id.rawValue,
                ])
            try database.run(
                // Its name may be another by now.
                "UPDATE models SET is_base = ? WHERE id = (SELECT model_id FROM versions WHERE id = ?)",
                [version.isBase ? 1 : 0, id.rawValue])
            try database.run("DELETE FROM pending_versions WHERE version_id = ?", [id.rawValue])
            return try Removal(database: database, ids: []).discardUnreferencedPacks(.replaced)
        }
    }

    private static func checkSameFiles(_ old: VersionRecord, _ new: NewVersion, _ database: Database) throws {
        let before = try FileEntryRows.entries(of: old.id, database)
        let isSame =
            before.count == new.files.count
            && zip(before, new.files).allSatisfy {
                $0.path == $1.path && $0.size == $1.size && $0.sha256 == $1.sha256 && $0.gitBlobID == $1.gitBlobID
                    && $0.isLFS == $1.isLFS
            }
        guard isSame else {
            throw DeltaicError(.inconsistentVersion, "\(old.reference) would get other files than it has")
        }
    }
}
