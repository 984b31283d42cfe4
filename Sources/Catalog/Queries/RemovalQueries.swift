internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Removes versions with their tags and files, and the packs that no version needs any more.
    ///
    /// A pack stays while any of its objects is needed, directly or as a dependency, by a version that stays. A model goes
    /// with its last version; registered again, its numbers start at 1. The files of `unreferencedPacks` are the caller's
    /// to delete, after this returns.
    ///
    /// - Throws: `.unknownVersion` if one of them is not registered, `.versionInUse` if versions that are not removed with
    ///   them are deltas of one. Nothing is changed then.
    public func remove(_ versions: [VersionID]) throws -> RemovalResult {
        try write { database in
            let removal = Removal(database: database, ids: Set(versions).map(\.rawValue).sorted())
            let removed = try removal.versions()
            try removal.refuseDependants()
            let ownPacks = try removal.packs("version_id IN (SELECT value FROM json_each(?))", [removal.list])
            try removal.deleteVersions()
            try removal.findLiveObjects()
            let unreferenced = try removal.packs(Removal.isUnreferenced)
            try removal.deletePacks()
            let gone = Set(unreferenced.map(\.id))
            return RemovalResult(
                removedVersions: removed, unreferencedPacks: unreferenced,
                retainedPacks: ownPacks.filter { !gone.contains($0.id) })
        }
    }
}

/// The steps of one removal, inside its transaction.
private struct Removal {
    let database: Database
    let ids: [Int64]
    /// The ids as a JSON array.
    var list: String { "[" + ids.map(String.init).joined(separator: ",") + "]" }

    static let isUnreferenced = """
        version_id IS NULL AND NOT EXISTS \
        (SELECT 1 FROM objects JOIN temp.live_objects l ON l.id = objects.id WHERE objects.pack_id = packs.id)
        """

    func versions() throws -> [VersionRecord] {
        try ids.map { id in
            guard let version = try VersionRows.version(VersionID(rawValue: id), database) else {
                throw DeltaicError(.unknownVersion, "a version to be removed is not registered, or no longer")
            }
            return version
        }
    }

    func refuseDependants() throws {
        let dependants = try database.rows(
            """
            SELECT m.name || '@v' || v.number, bm.name || '@v' || bv.number
            FROM versions v JOIN models m ON m.id = v.model_id
            JOIN versions bv ON bv.id = v.base_version_id JOIN models bm ON bm.id = bv.model_id
            WHERE v.base_version_id IN (SELECT value FROM json_each(?1))
                AND v.id NOT IN (SELECT value FROM json_each(?1))
            ORDER BY m.name, v.number
            """, [list]
        ) { (name: try $0.text(0), base: try $0.text(1)) }
        guard let base = dependants.first?.base else { return }
        throw DeltaicError(
            .versionInUse, "\(base) is the base of \(someOf(dependants.map(\.name), limit: 5))",
            advice: "remove those too, or keep \(base)")
    }

    func packs(_ condition: String, _ arguments: StatementArguments = []) throws -> [PackRecord] {
        try database.rows(PackRows.select + " WHERE \(condition) ORDER BY id", arguments, PackRows.record)
    }

    func deleteVersions() throws {
        // One statement, so that a base and its fine-tunes can go together.
        try database.run("DELETE FROM versions WHERE id IN (SELECT value FROM json_each(?))", [list])
        try database.run("DELETE FROM models WHERE id NOT IN (SELECT model_id FROM versions)")
    }

    /// Fills `temp.live_objects` with what the versions that are left need.
    func findLiveObjects() throws {
        try database.execute(sql: "CREATE TEMP TABLE IF NOT EXISTS live_objects (id INTEGER PRIMARY KEY)")
        try database.run("DELETE FROM temp.live_objects")
        try database.run(
            """
            WITH RECURSIVE live (id) AS (
                SELECT object_id FROM tensors UNION SELECT object_id FROM files
                UNION SELECT d.dependency_id FROM live CROSS JOIN object_dependencies d ON d.object_id = live.id)
            INSERT INTO temp.live_objects SELECT id FROM live
            """)
    }

    func deletePacks() throws {
        // With the objects of a pack go those that nothing needs and that cannot be decoded without them, although their
        // own pack stays: if they were left, a later version could be made to rely on them. None of them is live, for
        // what a live object depends on is live.
        try database.run(
            """
            WITH RECURSIVE doomed (id) AS (
                SELECT id FROM objects WHERE pack_id IN (SELECT id FROM packs WHERE \(Self.isUnreferenced))
                UNION SELECT d.object_id FROM doomed CROSS JOIN object_dependencies d ON d.dependency_id = doomed.id)
            DELETE FROM objects WHERE id IN (SELECT id FROM doomed)
            """)
        try database.run(
            "DELETE FROM packs WHERE \(Self.isUnreferenced)")
        try database.run("DELETE FROM temp.live_objects")
    }
}
