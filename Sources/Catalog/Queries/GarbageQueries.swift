public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The packs that are garbage, in the order in which they became it.
    public func garbage() throws -> [GarbageRecord] {
        try read { database in
            try database.rows(
                """
                SELECT sha256, byte_count, garbage_since, garbage_epoch, garbage_reason FROM packs
                WHERE garbage_since IS NOT NULL ORDER BY garbage_since, id
                """
            ) { row in
                guard let reason = GarbageRecord.Reason(rawValue: try row.text(4)) else {
                    throw DeltaicError.damagedRow("a pack is garbage for an unknown reason")
                }
                return GarbageRecord(
                    id: try row.fixed(0), byteCount: try row.int(1), since: try row.int(2), epoch: try row.int(3),
                    reason: reason)
            }
        }
    }

    /// The epoch that readers who begin now belong to.
    public func readerEpoch() throws -> Int {
        try read { try GarbageRows.epoch($0) }
    }

    /// Lets another epoch of readers begin.
    /// - Parameter epoch: the one that ends; nothing is done if it has ended already.
    public func endReaderEpoch(_ epoch: Int) throws {
        try write { try $0.run("UPDATE reader_epoch SET epoch = epoch + 1 WHERE epoch = ?", [epoch]) }
    }

    /// Makes packs garbage that the catalog did not know.
    public func discard(strays: [(id: Digest, byteCount: Int, since: Int)]) throws {
        try write { database in
            let epoch = try GarbageRows.epoch(database)
            for stray in strays {
                try database.run(
                    """
                    INSERT INTO packs (sha256, byte_count, created_at, garbage_since, garbage_epoch, garbage_reason)
                    VALUES (?1, ?2, ?3, ?3, ?4, 'stray') ON CONFLICT (sha256) DO NOTHING
                    """,
                    [stray.id.blob, stray.byteCount, stray.since, epoch])
            }
        }
    }

    /// Makes packs garbage that belong to no version and hold nothing that one needs.
    public func discardUnreferencedPacks() throws {
        try write { _ = try Removal(database: $0, ids: []).discardUnreferencedPacks(.removed) }
    }

    /// Forgets packs that were garbage and whose files are gone; those that were taken into use again stay.
    public func forgetGarbage(_ packs: [Digest]) throws {
        try write { database in
            for pack in packs {
                try database.run("DELETE FROM packs WHERE sha256 = ? AND garbage_since IS NOT NULL", [pack.blob])
            }
        }
    }

    /// What versions need of each pack: the sum of the stored bytes of objects that a version needs, itself or through others.
    ///
    /// Packs that are garbage, or uploads, are left out.
    public func usedBytes() throws -> [(pack: PackRecord, used: Int)] {
        try read { database in
            try database.rows(
                GarbageRows.live + """
                    SELECT p.sha256, p.byte_count, p.created_at,
                        (SELECT coalesce(sum(o.stored_bytes), 0) FROM objects o WHERE o.pack_id = p.id AND o.id IN live)
                    FROM packs p WHERE p.garbage_since IS NULL AND p.is_upload = 0 ORDER BY p.id
                    """
            ) { row in
                (try PackRows.record(row), try row.int(3))
            }
        }
    }

    /// The objects of a pack that a version needs, itself or through others.
    public func usedObjects(inPack pack: Digest) throws -> Set<Digest> {
        try read { database in
            Set(
                try database.rows(
                    GarbageRows.live + """
                        SELECT sha256 FROM objects WHERE id IN live
                            AND pack_id = (SELECT id FROM packs WHERE sha256 = ?)
                        """, [pack.blob]
                ) { try $0.fixed(0) as Digest })
        }
    }

    /// Gives objects of one pack their place in another, which is durable; the old pack is garbage then.
    ///
    /// Objects of the old pack that are not moved are forgotten: no version may need them. If the pack belongs to a version, the
    /// new one does from then on.
    ///
    /// - Parameter objects: the digest of each object with its position in the new pack and its stored bytes there.
    /// - Throws: `.inconsistentVersion` if a version needs an object that is not moved, or the catalog does not know the old pack.
    public func repack(
        _ old: Digest, into new: PackRecord, objects: [(digest: Digest, position: Int, storedBytes: Int)]
    ) throws {
        try write { database in
            let source = try GarbageRows.move(objects, from: old, to: new, database)
            let lost = try database.first(
                GarbageRows.live + "SELECT count(*) FROM objects WHERE pack_id = ? AND id IN live", [source.id]
            ) { try $0.int(0) }
            guard lost == 0 else {
                throw DeltaicError(
                    .inconsistentVersion, "\(lost ?? 0) objects of pack \(old.short) are needed, and were not moved")
            }
            try GarbageRows.give(source, to: new, database)
            // What is left in it nothing needs; what cannot be decoded without that goes too.
            try database.run(
                """
                WITH RECURSIVE doomed (id) AS (
                    SELECT id FROM objects WHERE pack_id = ?
                    UNION SELECT d.object_id FROM doomed CROSS JOIN object_dependencies d ON d.dependency_id = doomed.id)
                DELETE FROM objects WHERE id IN (SELECT id FROM doomed)
                """, [source.id])
            try GarbageRows.discard("[\(source.id)]", .replaced, database)
        }
    }

    /// Gives objects of a pack that is damaged their place in another, which is durable; the rest keeps its place.
    ///
    /// - Parameter takesVersion: whether the new pack belongs to the version of the old one from then on.
    /// - Throws: `.inconsistentVersion` if the catalog does not know the old pack.
    public func move(
        _ objects: [(digest: Digest, position: Int, storedBytes: Int)], from old: Digest, to new: PackRecord,
        takesVersion: Bool
    ) throws {
        try write { database in
            let source = try GarbageRows.move(objects, from: old, to: new, database)
            if takesVersion { try GarbageRows.give(source, to: new, database) }
        }
    }
}

/// How packs become garbage.
enum GarbageRows {
    /// The objects that a version needs, itself or through what it is decoded from.
    static let live = """
        WITH RECURSIVE live (id) AS (
            SELECT object_id FROM files UNION SELECT object_id FROM tensors
            UNION SELECT d.dependency_id FROM live CROSS JOIN object_dependencies d ON d.object_id = live.id)

        """

    /// A pack from which objects are moved: its row, and that of the version that it belongs to.
    struct Source {
        let id: Int64
        let version: Int64?
    }

    /// Adds a pack, and gives objects of another their place in it; objects that the catalog does not know there are passed over.
    static func move(
        _ objects: [(digest: Digest, position: Int, storedBytes: Int)], from old: Digest, to new: PackRecord,
        _ database: Database
    ) throws -> Source {
        let source = try database.first(
            "SELECT id, version_id FROM packs WHERE sha256 = ? AND garbage_since IS NULL", [old.blob]
        ) { row in
            Source(id: try row.decode(Int64.self, atIndex: 0), version: try row.decode(Int64?.self, atIndex: 1))
        }
        guard let source else {
            throw DeltaicError(.inconsistentVersion, "pack \(old.short) is not, or no longer, in use")
        }
        // An interrupted attempt may have left the same pack, and a collection of garbage may have found it.
        try database.run(
            "INSERT INTO packs (sha256, byte_count, created_at) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            [new.id.blob, new.byteCount, new.createdAt])
        try reclaim(new.id, database)
        let target = try database.first("SELECT id FROM packs WHERE sha256 = ?", [new.id.blob]) {
            try $0.decode(Int64.self, atIndex: 0)
        }
        guard let target else { throw DeltaicError.damagedRow("a pack vanished while it was written anew") }
        for object in objects {
            try database.run(
                "UPDATE objects SET pack_id = ?, position = ?, stored_bytes = ? WHERE sha256 = ? AND pack_id = ?",
                [target, object.position, object.storedBytes, object.digest.blob, source.id])
        }
        return source
    }

    /// Lets a pack belong to the version of another.
    static func give(_ source: Source, to new: PackRecord, _ database: Database) throws {
        guard let version = source.version else { return }
        try database.run("UPDATE packs SET version_id = NULL WHERE id = ?", [source.id])
        try database.run("UPDATE packs SET version_id = ? WHERE sha256 = ?", [version, new.id.blob])
        try database.run("UPDATE versions SET stored_bytes = ? WHERE id = ?", [new.byteCount, version])
    }

    static func epoch(_ database: Database) throws -> Int {
        guard let epoch = try database.first("SELECT epoch FROM reader_epoch", [], { try $0.int(0) }) else {
            throw DeltaicError.damagedRow("the epoch of readers is missing")
        }
        return epoch
    }

    /// - Parameter packs: their row ids as a JSON array; none of them has objects.
    static func discard(_ packs: String, _ reason: GarbageRecord.Reason, _ database: Database) throws {
        try database.run(
            """
            UPDATE packs SET version_id = NULL, is_upload = 0, garbage_since = unixepoch(), garbage_epoch = ?,
                garbage_reason = ?
            WHERE id IN (SELECT value FROM json_each(?))
            """, [try epoch(database), reason.rawValue, packs])
    }

    /// A pack that is garbage is needed again.
    static func reclaim(_ pack: Digest, isUpload: Bool = false, _ database: Database) throws {
        try database.run(
            """
            UPDATE packs SET is_upload = ?, garbage_since = NULL, garbage_epoch = NULL, garbage_reason = NULL
            WHERE sha256 = ? AND garbage_since IS NOT NULL
            """, [isUpload ? 1 : 0, pack.blob])
    }
}
