internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Keeps a signature of a version, in place of an earlier one with the same key.
    ///
    /// - Throws: `.unknownVersion` if the version is gone.
    public func addSignature(_ signature: SignatureRecord, to version: VersionID) throws {
        try write { database in
            guard try database.exists("SELECT 1 FROM versions WHERE id = ?", [version.rawValue]) else {
                throw DeltaicError(.unknownVersion, "the version was removed while it was signed")
            }
            try database.run(
                """
                INSERT INTO signatures (version_id, key, created_at, bundle) VALUES (?, ?, ?, ?)
                ON CONFLICT (version_id, key) DO UPDATE SET created_at = excluded.created_at, bundle = excluded.bundle
                """, [version.rawValue, signature.key.blob, signature.createdAt, signature.bundle])
        }
    }

    /// The signatures of a version, oldest first.
    public func signatures(of version: VersionID) throws -> [SignatureRecord] {
        try read { database in
            try database.rows(
                "SELECT key, created_at, bundle FROM signatures WHERE version_id = ? ORDER BY created_at, key",
                [version.rawValue]
            ) { SignatureRecord(key: try $0.fixed(0), createdAt: try $0.int(1), bundle: try $0.text(2)) }
        }
    }
}
