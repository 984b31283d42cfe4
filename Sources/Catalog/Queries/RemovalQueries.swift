internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Removes versions with their tags and files, and the packs that no version needs any more.
    ///
    /// A pack stays while any of its objects is needed, directly or as a dependency, by a version that stays. A model whose
    /// last version goes is no longer listed, but its numbers are not used again. `unreferencedPacks` are garbage from then on:
    /// their files stay until ``forgetGarbage(_:)``.
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
            try removal.refuseHeadless()
            let unreferenced = try removal.discardUnreferencedPacks(.removed)
            let gone = Set(unreferenced.map(\.id))
            return RemovalResult(
                removedVersions: removed, unreferencedPacks: unreferenced,
                retainedPacks: ownPacks.filter { !gone.contains($0.id) })
        }
    }
}

/// The steps of one removal, inside its transaction.
struct Removal {
    let database: Database
    let ids: [Int64]
    /// The ids as a JSON array.
    var list: String { "[" + ids.map(String.init).joined(separator: ",") + "]" }

    /// Finds a row if a version needs an object of the pack `?`, itself or through what depends on it.
    ///
    /// The walk goes up from the pack and ends at the first such object, so it costs what is to be deleted, not what is
    /// registered.
    static let isNeeded = """
        WITH RECURSIVE dependant (id) AS (
            SELECT id FROM objects WHERE pack_id = ?
            UNION SELECT d.object_id FROM dependant CROSS JOIN object_dependencies d ON d.dependency_id = dependant.id)
        SELECT 1 FROM dependant
        WHERE EXISTS (SELECT 1 FROM tensors WHERE object_id = dependant.id)
            OR EXISTS (SELECT 1 FROM files WHERE object_id = dependant.id)
        LIMIT 1
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

    /// A model has a version on `main` as long as it has any.
    func refuseHeadless() throws {
        let model = try database.first(
            """
            SELECT m.name FROM models m WHERE m.versions > 0
                AND NOT EXISTS (SELECT 1 FROM versions WHERE model_id = m.id AND on_main = 1) LIMIT 1
            """
        ) { try $0.text(0) }
        guard let model else { return }
        throw DeltaicError(
            .versionInUse, "the last version on main of \(model) cannot go while the model has others on branches",
            advice: "remove the branches first, or the whole model")
    }

    func packs(_ condition: String, _ arguments: StatementArguments = []) throws -> [PackRecord] {
        try database.rows(PackRows.select + " WHERE \(condition) ORDER BY id", arguments, PackRows.record)
    }

    func deleteVersions() throws {
        // One statement, so that a base and its fine-tunes can go together.
        try database.run("DELETE FROM versions WHERE id IN (SELECT value FROM json_each(?))", [list])
    }

    /// Makes packs that nothing needs garbage; the objects in them are forgotten.
    func discardUnreferencedPacks(_ reason: GarbageRecord.Reason) throws -> [PackRecord] {
        let orphans = try database.rows("SELECT id FROM packs WHERE version_id IS NULL AND garbage_since IS NULL") {
            try $0.decode(Int64.self, atIndex: 0)
        }
        let doomed =
            "["
            + (try orphans.filter { try !database.exists(Self.isNeeded, [$0]) })
            .map(String.init).joined(separator: ",") + "]"
        let packs = try packs("id IN (SELECT value FROM json_each(?))", [doomed])
        // With the objects of a pack go those that nothing needs and that cannot be decoded without them, although their
        // own pack stays: if they were left, a later version could be made to rely on them. None of them is needed by
        // any version, for then the pack would be too.
        try database.run(
            """
            WITH RECURSIVE doomed (id) AS (
                SELECT id FROM objects WHERE pack_id IN (SELECT value FROM json_each(?))
                UNION SELECT d.object_id FROM doomed CROSS JOIN object_dependencies d ON d.dependency_id = doomed.id)
            DELETE FROM objects WHERE id IN (SELECT id FROM doomed)
            """, [doomed])
        try GarbageRows.discard(doomed, reason, database)
        return packs
    }
}
