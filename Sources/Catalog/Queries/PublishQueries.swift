internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Registers a version, whole or not at all; its pack must be durable before.
    ///
    /// The number is one more than the highest that the model ever had, unless the version names a higher one. The model and the task are made if they are new.
    /// An object that is stored already keeps its place: the copy in this pack is not used.
    ///
    /// - Throws: `.nameTaken` if the name is a base's and a model is to be registered, or the other way round;
    ///   `.versionExists` if the model has this commit; `.unknownVersion` if the base version is gone; `.missingObject` if
    ///   an object that is referred to is not, or no longer, stored; `.inconsistentVersion`, `.reservedTag`, `.invalidName`.
    public func publish(_ version: NewVersion) throws -> VersionRecord {
        try PublishRule.check(version)
        return try write { database in
            let publication = Publication(database: database, version: version)
            let id = try publication.insert()
            guard let record = try VersionRows.version(VersionID(rawValue: id), database) else {
                throw DeltaicError.damagedRow("a version vanished while it was registered")
            }
            return record
        }
    }
}

/// What can be refused without looking at the catalog.
private enum PublishRule {
    static func check(_ version: NewVersion) throws {
        try naming(version.model.description) {
            for tag in version.tags { try TagRule.check(tag) }
            if let task = version.task { try ModelName.check(task, kind: "task", limit: 96) }
            if let stray = version.objects.first(where: { $0.pack != version.pack.id }) {
                throw DeltaicError(
                    .inconsistentVersion, "object \(stray.digest.short) is not in the pack of its version",
                    expected: version.pack.id.short, found: stray.pack.short)
            }
            var paths: Set<String> = []
            if let twice = version.files.first(where: { !paths.insert($0.path).inserted }) {
                throw DeltaicError(.inconsistentVersion, "the file is there twice", at: [twice.path])
            }
        }
    }
}

/// The steps of one publication, inside its transaction.
struct Publication {
    let database: Database
    let version: NewVersion

    func insert() throws -> Int64 {
        let movable = try version.replacedFirst.map { try removeFirst($0) }
        let (model, number) = try self.model()
        try checkBase()
        if let same = try existing(model) {
            throw DeltaicError(
                .versionExists, "\(version.model)@v\(same) has the commit id \(version.commit) already")
        }
        let task = try self.task()
        let pack = try self.pack()
        let id = try insertVersion(
            model: model, number: number, task: task, storedBytes: pack.isOwn ? version.pack.byteCount : 0)
        if pack.isOwn { try database.run("UPDATE packs SET version_id = ? WHERE id = ?", [id, pack.id]) }
        try naming("\(version.model)@v\(number)") {
            var objects = ObjectIDs(database: database)
            try insertAdopted()
            try insertObjects(pack: pack.id, movingFrom: movable?.map { [$0] }, &objects)
            try insertFiles(version: id, &objects)
            if let recipe = version.recipe {
                try database.run(
                    "INSERT INTO recipes (version_id, codec, recipe) VALUES (?, ?, ?)",
                    [id, recipe.codec, recipe.json])
            }
        }
        for tag in version.tags { try TagRule.set(tag, model: model, version: id, database) }
        if let branch = version.branch { try BranchRows.set(branch, model: model, version: id, database) }
        if version.isPending {
            try database.run(
                "INSERT INTO pending_versions (version_id, namespace) VALUES (?, ?)", [id, version.pusherNamespace])
        }
        return id
    }

    /// Its numbers begin anew: nobody has seen what was in it.
    ///
    /// - Returns: its pack.
    private func removeFirst(_ first: VersionID) throws -> Int64? {
        let pack = try database.first("SELECT id FROM packs WHERE version_id = ?", [first.rawValue]) {
            try $0.decode(Int64.self, atIndex: 0)
        }
        try database.run("DELETE FROM versions WHERE id = ?", [first.rawValue])
        try database.run(
            "UPDATE models SET last_number = 0 WHERE name = ? AND versions = 0", [version.model.description])
        guard database.changesCount == 1 else {
            throw DeltaicError(.inconsistentVersion, "\(version.model) has more than its first version")
        }
        return pack
    }

    private func insertAdopted() throws {
        for (pack, object) in version.adopted {
            try database.run(
                """
                INSERT INTO packs (sha256, byte_count, created_at, is_upload) VALUES (?, ?, ?, 1)
                ON CONFLICT (sha256) DO NOTHING
                """, [pack.id.blob, pack.byteCount, pack.createdAt])
            try GarbageRows.reclaim(pack.id, isUpload: true, database)
            try database.run(
                """
                INSERT INTO objects (sha256, length, pack_id, position, codec, stored_bytes, depth)
                SELECT ?, ?, id, ?, ?, ?, 0 FROM packs WHERE sha256 = ? ON CONFLICT (sha256) DO NOTHING
                """,
                [
                    object.digest.blob, object.length, object.position, object.codec, object.storedBytes,
                    pack.id.blob,
                ])
        }
    }

    private func model() throws -> (id: Int64, number: Int) {
        let name = version.model.description
        try database.run(
            """
            INSERT INTO models (name, namespace, is_base) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET is_base = excluded.is_base WHERE versions = 0
            """,
            [name, version.model.namespace, version.isBase ? 1 : 0])
        let row = try database.first("SELECT id, is_base, last_number FROM models WHERE name = ?", [name]) {
            (id: try $0.decode(Int64.self, atIndex: 0), isBase: try $0.flag(1), last: try $0.int(2))
        }
        guard let row else { throw DeltaicError.damagedRow("a model vanished while it was registered") }
        guard row.isBase == version.isBase else {
            throw DeltaicError(
                .nameTaken,
                row.isBase
                    ? "\(name) is a base, and cannot be registered as a model"
                    : "\(name) is a model, and cannot be registered as a base",
                advice: "choose another name; bases and models share one name space")
        }
        let number = version.number ?? row.last + 1
        guard number > row.last else {
            throw DeltaicError(.versionExists, "\(name) has, or had, a version v\(number)")
        }
        try database.run("UPDATE models SET last_number = ? WHERE id = ?", [number, row.id])
        return (row.id, number)
    }

    func checkBase() throws {
        guard let base = version.baseVersion else { return }
        guard try database.exists("SELECT 1 FROM versions WHERE id = ?", [base.rawValue]) else {
            throw DeltaicError(
                .unknownVersion, "the base version is not, or no longer, registered", at: [version.model.description])
        }
    }

    private func existing(_ model: Int64) throws -> Int? {
        try database.first(
            "SELECT number FROM versions WHERE model_id = ? AND commit_id = ?", [model, version.commit.blob]
        ) { try $0.int(0) }
    }

    private func task() throws -> Int64? {
        guard let task = version.task else { return nil }
        try database.run("INSERT INTO tasks (name) VALUES (?) ON CONFLICT (name) DO NOTHING", [task])
        return try database.first("SELECT id FROM tasks WHERE name = ?", [task]) {
            try $0.decode(Int64.self, atIndex: 0)
        }
    }

    /// The row of the pack, and whether it is this version's: a pack belongs to the first version that wrote it.
    func pack() throws -> (id: Int64, isOwn: Bool) {
        let pack = version.pack
        try database.run(
            "INSERT INTO packs (sha256, byte_count, created_at) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            [pack.id.blob, pack.byteCount, pack.createdAt])
        try GarbageRows.reclaim(pack.id, database)
        let row = try database.first(
            "SELECT id, version_id IS NULL, byte_count FROM packs WHERE sha256 = ?", [pack.id.blob]
        ) {
            (id: try $0.decode(Int64.self, atIndex: 0), isOwn: try $0.flag(1), byteCount: try $0.int(2))
        }
        guard let row else { throw DeltaicError.damagedRow("a pack vanished while it was registered") }
        guard row.byteCount == pack.byteCount else {
            throw DeltaicError(
                .inconsistentVersion, "pack \(pack.id.short) is known with another size",
                expected: "\(row.byteCount) bytes",
                found: "\(pack.byteCount)")
        }
        return (row.id, row.isOwn)
    }

    private func insertVersion(model: Int64, number: Int, task: Int64?, storedBytes: Int) throws -> Int64 {
        try database.insert(
            """
            INSERT INTO versions (model_id, number, commit_id, tree_id, parent_commit_id, base_version_id, task_id,
                created_at, raw_bytes, stored_bytes, tensor_count, file_count, message, metadata, on_main, registered_as)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                model, number, version.commit.blob, version.tree.blob, version.parentCommit?.blob,
                version.baseVersion?.rawValue, task, version.createdAt, version.files.reduce(0) { $0 + $1.size },
                storedBytes, version.files.reduce(0) { $0 + $1.tensors.count }, version.files.count, version.message,
                try VersionRows.json(version.metadata), version.branch == nil ? 1 : 0, version.registeredAs,
            ])
    }

    /// - Parameter movingFrom: packs from which objects move to this one; from uploads too unless it is nil.
    func insertObjects(pack: Int64, movingFrom: [Int64]? = nil, _ objects: inout ObjectIDs) throws {
        var new: [(id: Int64, record: ObjectRecord)] = []
        for object in version.objects {
            if let movingFrom, let id = try moved(object, from: movingFrom, to: pack) {
                new.append((id, object))
                continue
            }
            let before = database.totalChangesCount
            try database.run(
                """
                INSERT INTO objects (sha256, length, pack_id, position, codec, stored_bytes, depth)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING
                """,
                [
                    object.digest.blob, object.length, pack, object.position, object.codec, object.storedBytes,
                    object.depth,
                ])
            if database.totalChangesCount > before { new.append((database.lastInsertedRowID, object)) }
        }
        // Only now, for an object may depend on one that comes later in the pack.
        for (id, object) in new {
            objects.known[object.digest] = id
            let isListed = object.base.map(object.dependencies.contains) ?? true
            let dependencies = isListed ? object.dependencies : [object.base].compactMap(\.self) + object.dependencies
            for (ordinal, dependency) in dependencies.enumerated() {
                try database.run(
                    "INSERT INTO object_dependencies (object_id, ordinal, dependency_id, is_base) VALUES (?, ?, ?, ?)",
                    [id, ordinal, try objects.id(dependency), dependency == object.base ? 1 : 0])
            }
        }
        for block in version.blocks {
            try database.run(
                "INSERT INTO blocks (key, object_id, chunk) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
                [block.key.blob, try objects.id(block.object), block.chunk])
        }
    }

    func insertFiles(version id: Int64, _ objects: inout ObjectIDs) throws {
        for file in version.files {
            let (object, isSafetensors) =
                switch file.content {
                case .raw(let object): (object, false)
                case .safetensors(let header, _): (header, true)
                }
            let row = try database.insert(
                """
                INSERT INTO files (version_id, path, size, sha256, git_blob_id, is_lfs, is_safetensors, object_id)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    id, file.path, file.size, file.sha256.blob, file.gitBlobID.blob, file.isLFS ? 1 : 0,
                    isSafetensors ? 1 : 0, try objects.id(object),
                ])
            if let original = file.original {
                try database.run(
                    "INSERT INTO original_files (file_id, sha256) VALUES (?, ?)", [row, original.blob])
            }
            for (ordinal, tensor) in file.tensors.enumerated() {
                try database.run(
                    "INSERT INTO tensors (file_id, ordinal, name, dtype, shape, object_id) VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        row, ordinal, tensor.name, tensor.type.rawValue, FileRows.text(tensor.shape),
                        try objects.id(tensor.object),
                    ])
                if let loss = tensor.loss { try insert(loss, file: row, ordinal: ordinal) }
            }
        }
    }
}

extension Publication {
    /// Gives an object that is stored as an upload, or in one of the packs, its place in the new pack; nil if it is not.
    private func moved(_ object: ObjectRecord, from packs: [Int64], to pack: Int64) throws -> Int64? {
        let id = try database.first(
            """
            SELECT o.id FROM objects o JOIN packs p ON p.id = o.pack_id
            WHERE o.sha256 = ? AND (p.is_upload = 1 OR p.id IN (SELECT value FROM json_each(?))) AND p.id <> ?
            """, [object.digest.blob, "[" + packs.map(String.init).joined(separator: ",") + "]", pack]
        ) { try $0.decode(Int64.self, atIndex: 0) }
        guard let id else { return nil }
        try database.run(
            "UPDATE objects SET pack_id = ?, position = ?, codec = ?, stored_bytes = ?, depth = ? WHERE id = ?",
            [pack, object.position, object.codec, object.storedBytes, object.depth, id])
        try database.run("DELETE FROM object_dependencies WHERE object_id = ?", [id])
        return id
    }

    fileprivate func insert(_ loss: TensorLoss, file: Int64, ordinal: Int) throws {
        try database.run(
            """
            INSERT INTO tensor_quality (file_id, ordinal, codec, elements, changed, same_sign, delta_squares,
                reconstructed_squares, product, weight_squares, error_squares)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                file, ordinal, loss.codec, loss.elements, loss.changed, loss.sameSign, loss.deltaSquares,
                loss.reconstructedSquares, loss.product, loss.weightSquares, loss.errorSquares,
            ])
    }
}

/// The row ids of objects, each looked up once.
struct ObjectIDs {
    let database: Database
    var known: [Digest: Int64] = [:]

    init(database: Database) { self.database = database }

    mutating func id(_ digest: Digest) throws -> Int64 {
        if let id = known[digest] { return id }
        let id = try database.first("SELECT id FROM objects WHERE sha256 = ?", [digest.blob]) {
            try $0.decode(Int64.self, atIndex: 0)
        }
        guard let id else {
            throw DeltaicError(
                .missingObject, "object \(digest.short) is referred to, but not stored",
                advice: "register again; it may have been removed meanwhile")
        }
        known[digest] = id
        return id
    }
}
