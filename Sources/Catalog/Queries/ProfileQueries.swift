public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// How a version differs from its base, as JSON; nil if it was not measured yet, or against another base.
    public func profile(of version: VersionID, against base: GitObjectID) throws -> String? {
        try read { database in
            try database.first(
                "SELECT profile FROM delta_profiles WHERE version_id = ? AND base_commit_id = ?",
                [version.rawValue, base.blob]
            ) { try $0.text(0) }
        }
    }

    /// Profiles that are kept: some 100 kB each for a model of 300 tensors.
    private static let profileLimit = 500

    /// Keeps how a version differs from its base, in the place of what was kept before; does nothing if the version was removed meanwhile.
    public func keepProfile(_ json: String, of version: VersionID, against base: GitObjectID) throws {
        try write { database in
            guard try VersionRows.isRegistered(version, database) else { return }
            try database.run(
                "INSERT OR REPLACE INTO delta_profiles (version_id, base_commit_id, profile) VALUES (?, ?, ?)",
                [version.rawValue, base.blob, json])
            try database.run(
                """
                DELETE FROM delta_profiles WHERE version_id IN
                    (SELECT version_id FROM delta_profiles ORDER BY measured_at DESC, version_id LIMIT -1 OFFSET ?)
                """, [Self.profileLimit])
        }
    }
}
