internal import DeltaicCore
internal import GRDB

// How a catalog is made from packs and journal: without the rules for what users may do, for all of it was done before.
extension CatalogDatabase {
    /// Adds packs and the objects in them that versions need; the versions come later.
    public func restore(packs: [(record: PackRecord, isUpload: Bool)], objects: [ObjectRecord]) throws {
        try write { database in
            var ids: [Digest: Int64] = [:]
            for (pack, isUpload) in packs {
                ids[pack.id] = try database.insert(
                    "INSERT INTO packs (sha256, byte_count, created_at, is_upload) VALUES (?, ?, ?, ?)",
                    [pack.id.blob, pack.byteCount, pack.createdAt, isUpload ? 1 : 0])
            }
            var rows = ObjectIDs(database: database)
            for object in objects {
                rows.known[object.digest] = try database.insert(
                    """
                    INSERT INTO objects (sha256, length, pack_id, position, codec, stored_bytes, depth)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        object.digest.blob, object.length, ids[object.pack], object.position, object.codec,
                        object.storedBytes, object.depth,
                    ])
            }
            for object in objects {
                for (ordinal, dependency) in object.dependencies.enumerated() {
                    try database.run(
                        """
                        INSERT INTO object_dependencies (object_id, ordinal, dependency_id, is_base) VALUES (?, ?, ?, ?)
                        """,
                        [
                            try rows.id(object.digest), ordinal, try rows.id(dependency),
                            dependency == object.base ? 1 : 0,
                        ])
                }
            }
        }
    }

    /// Says which versions are deltas of which.
    public func restore(bases: [VersionID: VersionID]) throws {
        try write { database in
            for (version, base) in bases {
                try database.run(
                    "UPDATE versions SET base_version_id = ? WHERE id = ?", [base.rawValue, version.rawValue])
            }
        }
    }

    /// Sets what a model's names lead to and which numbers it has given, in place of all that it has so far.
    ///
    /// - Parameter lastNumber: the highest number ever given.
    public func restore(
        model: String, isBase: Bool, lastNumber: Int, tags: [String: VersionID], branches: [String: VersionID]
    ) throws {
        let namespace = try ModelName(model).namespace
        try write { database in
            try database.run(
                "INSERT INTO models (name, namespace, is_base) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
                [model, namespace, isBase ? 1 : 0])
            let id = try database.first("SELECT id FROM models WHERE name = ?", [model]) {
                try $0.decode(Int64.self, atIndex: 0)
            }
            guard let id else { throw DeltaicError.damagedRow("a model vanished while it was restored") }
            try database.run(
                "UPDATE models SET last_number = max(last_number, ?) WHERE id = ?", [lastNumber, id])
            try database.run("DELETE FROM tags WHERE model_id = ?", [id])
            try database.run("DELETE FROM branches WHERE model_id = ?", [id])
            for (tag, version) in tags { try TagRule.set(tag, model: id, version: version.rawValue, database) }
            for (branch, version) in branches {
                try BranchRows.set(branch, model: id, version: version.rawValue, database)
            }
        }
    }
}
