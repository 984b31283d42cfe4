internal import Catalog
public import DeltaicCore
internal import PackFormat

/// What came of a pack that another registry sent.
public struct ImportResult: Sendable, Codable {
    public let version: VersionSummary
    /// False if the version was here already: nothing was stored.
    public let isNew: Bool
    /// The bytes of the pack, 0 if none was stored.
    public let storedBytes: Int
    /// Objects that the pack brought, and those of the version that were here.
    public let newObjects: Int
    public let knownObjects: Int
}

extension ModelRegistry {
    /// Registers the version whose pack was received, once everything in it is verified.
    ///
    /// Nothing can be seen of it before: every object decodes to its SHA-256, every file to its SHA-256 and Git blob id, and tree
    /// and commit are those that follow. The lock on what is registered is held only while the rows are written. The received file
    /// is gone after success, and after `.refusedTransfer`.
    /// - Parameters:
    ///   - baseTree: the tree of the version's base where it comes from: another commit of the same tree will do here.
    ///   - isBase: whether the model is a base where the version comes from, if that has changed since its manifest was written.
    /// - Throws: `.refusedTransfer` if the pack is damaged or not what it says; `.diverged`, `.versionExists`, `.missingBase`,
    ///   `.missingObject`, `.nameTaken` if it does not fit what is here.
    public func importVersion(from incoming: IncomingPack, baseTree: GitObjectID? = nil, isBase: Bool? = nil)
        async throws -> ImportResult
    {
        let reading = try await lockForReading()
        defer { withExtendedLifetime(reading) {} }
        let transfer = VersionImport(registry: self, incoming: incoming, baseTree: baseTree, isBase: isBase)
        do {
            return try await transfer.run()
        } catch let error as DeltaicError where error.code == .refusedTransfer {
            incoming.discard()
            throw error
        }
    }
}

/// One version on its way in.
private struct VersionImport {
    let registry: ModelRegistry
    let incoming: IncomingPack
    let baseTree: GitObjectID?
    let isBase: Bool?

    private var catalog: CatalogDatabase { registry.catalog }
    private var packs: PackDirectory { registry.directory.packs }

    func run() async throws -> ImportResult {
        let (pack, manifest) = try refusing { try open() }
        guard manifest.manifest.branch == nil else {
            throw IncomingManifest.refusal("the version is on a branch: only those on main move")
        }
        let place = try VersionFit(catalog: catalog).place(of: manifest, baseTree: baseTree)
        if let existing = place.existing { return try unchanged(existing, manifest) }
        var dependencies = try refusing { try IncomingDependencies(pack: pack, catalog: catalog) }
        for digest in Set(pack.objects.map(\.description.digest) + manifest.files.flatMap(\.objects)) {
            _ = try refusing { try dependencies.depth(of: digest) }
        }
        let findings = try await content(pack, manifest)
        dependencies.add(shared: findings.shared)
        try refusing { try dependencies.checkAllNeeded(by: manifest.files) }
        let objects = try refusing { try records(of: pack, &dependencies) }
        try incoming.sync()

        let writing = try await registry.lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        // What was registered meanwhile may have taken the number.
        let now = try VersionFit(catalog: catalog).place(of: manifest, baseTree: baseTree)
        if let existing = now.existing { return try unchanged(existing, manifest) }
        let version = try publish(
            try record(manifest, base: now.base, pack: pack, objects: objects, blocks: findings.blocks))
        return ImportResult(
            version: VersionSummary(version), isNew: true, storedBytes: pack.byteCount, newObjects: objects.count,
            knownObjects: Set(manifest.files.flatMap(\.objects)).subtracting(objects.map(\.digest)).count)
    }

    /// Opens the pack and checks its structure; what its chunks decode to comes later.
    private func open() throws -> (PackReader, IncomingManifest) {
        let pack = try PackReader(path: incoming.path)
        guard pack.id == incoming.id else {
            throw IncomingManifest.refusal(
                "the pack is another one than was announced", expected: incoming.id.short, found: pack.id.short)
        }
        try pack.checkObjectRecords()
        for object in pack.objects { for chunk in object.chunks { try pack.checkRecord(of: chunk) } }
        guard let json = try pack.manifest() else { throw IncomingManifest.refusal("the pack has no manifest") }
        return (pack, try naming("manifest") { try IncomingManifest(json: json, isBase: isBase) })
    }

    private func content(_ pack: PackReader, _ manifest: IncomingManifest) async throws -> IncomingContent.Findings {
        let source = NewPackObjects(pack: pack, registered: CatalogObjects(packs: packs, catalog: catalog))
        let content = IncomingContent(
            pack: pack, files: manifest.files, reader: ObjectReader(source: source), workers: registry.workers,
            progress: registry.progress)
        do {
            return try await content.run()
        } catch let error as DeltaicError {
            throw refused(error)
        }
    }

    private func unchanged(_ version: VersionRecord, _ manifest: IncomingManifest) throws -> ImportResult {
        incoming.discard()
        return ImportResult(
            version: VersionSummary(version), isNew: false, storedBytes: 0, newObjects: 0,
            knownObjects: Set(manifest.files.flatMap(\.objects)).count)
    }

    // MARK: - Rows

    private func records(of pack: PackReader, _ dependencies: inout IncomingDependencies) throws -> [ObjectRecord] {
        var records: [ObjectRecord] = []
        for (position, object) in pack.objects.enumerated() {
            let digest = object.description.digest
            records.append(
                ObjectRecord(
                    object, pack: pack.id, position: position, depth: try dependencies.depth(of: digest),
                    needs: dependencies.direct[digest] ?? []))
        }
        return records
    }

    private func record(
        _ incoming: IncomingManifest, base: VersionRecord?, pack: PackReader, objects: [ObjectRecord],
        blocks: [BlockRecord]
    ) throws -> NewVersion {
        let manifest = incoming.manifest
        return NewVersion(
            model: incoming.model, isBase: incoming.isBase, baseVersion: base?.id, task: manifest.task,
            message: manifest.message, metadata: manifest.metadata, tags: [], commit: manifest.commit,
            tree: manifest.tree, parentCommit: manifest.parent, createdAt: manifest.createdAt,
            pack: PackRecord(id: pack.id, byteCount: pack.byteCount, createdAt: manifest.createdAt), objects: objects,
            blocks: blocks, files: incoming.files, recipe: try incoming.recipe(), number: manifest.number)
    }

    /// The pack becomes one of the registry's, then the rows are written; if those are refused, the pack goes.
    private func publish(_ version: NewVersion) throws -> VersionRecord {
        try packs.adopt(version.pack.id, from: incoming.path)
        let record = try registry.keeping(version.pack.id) { try catalog.publish(version) }
        incoming.discard()
        return record
    }

    // MARK: - Refusals

    private func refusing<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DeltaicError {
            throw refused(error)
        }
    }

    /// Damage of what came in is no damage of this registry, and the sender is told where it is.
    private func refused(_ error: DeltaicError) -> DeltaicError {
        if error.code == .unknownContent {
            return DeltaicError(
                .missingObject, "the version needs an object that is neither in its pack nor registered here",
                at: error.places, advice: "send the version again: what is here may have changed meanwhile")
        }
        guard error.code != .refusedTransfer, [.damaged, .refusedInput].contains(error.code.category) else {
            return error
        }
        let places = error.places.filter { !$0.contains(incoming.path) }
        return DeltaicError(
            .refusedTransfer, "what was received is damaged, or not what it says: \(error.message)",
            at: ["pack \(incoming.id.short)"] + places, expected: error.expected, found: error.found,
            advice:
                "nothing was registered; send it again, and if it is refused again, run `deltaic verify` at its source")
    }
}
