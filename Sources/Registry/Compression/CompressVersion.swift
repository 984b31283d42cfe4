internal import Catalog
public import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TensorFiles

/// A version that is stored as a client sent it, and is to be compressed.
public struct PendingListing: Sendable, Codable {
    /// `name@v1`.
    public let version: String
    public let model: String
    public let number: Int
    /// The sum of the sizes of its files.
    public let rawBytes: Int
    /// How often it was tried.
    public let attempts: Int
    /// What went wrong the last time.
    public let problem: String?
}

/// What compressing a version did.
public struct CompressionReport: Sendable, Codable {
    public let version: VersionSummary
    /// The bytes of its pack.
    public let storedBytes: Int
    /// The bytes of packs that are garbage now: that of the version as it came, and the files that were sent for it.
    public let garbageBytes: Int
}

extension ModelRegistry {
    /// The versions that are stored as a client sent them, in the order in which they came.
    public func pendingVersions() throws -> [PendingListing] {
        try catalog.pendingVersions().map { pending in
            PendingListing(
                version: pending.version.reference, model: "\(pending.version.model)", number: pending.version.number,
                rawBytes: pending.version.rawBytes, attempts: pending.attempts, problem: pending.problem)
        }
    }

    /// Compresses one version that is stored as a client sent it.
    ///
    /// The version can be read all the time. Its uploads become garbage when the new pack, as it lies on the disk, has been seen to give every
    /// file back by its SHA-256. What is done so far is lost if it is interrupted; the version stays as it was then.
    /// - Throws: `.notPending` if it is not stored so, `.unknownVersion` if it is removed meanwhile; whatever else goes wrong is noted with the version too.
    public func compress(_ reference: VersionReference, rules: BaseRules = BaseRules()) async throws
        -> CompressionReport
    {
        let reading = try await lockForReading()
        defer { withExtendedLifetime(reading) {} }
        let version = try catalog.version(reference)
        guard let pending = try catalog.pendingVersions().first(where: { $0.version.id == version.id }) else {
            throw DeltaicError(
                .notPending, "the version is not, or no longer, stored as it was sent: there is nothing to compress",
                at: [version.reference])
        }
        do {
            return try await Compression(
                registry: self, version: version, rules: rules, namespace: pending.namespace
            ).run()
        } catch let error as DeltaicError where error.code != .registryLocked {
            try catalog.notePending(version.id, problem: error.description)
            throw error
        }
    }
}

/// One run over one version.
private struct Compression {
    let registry: ModelRegistry
    let version: VersionRecord
    let rules: BaseRules
    /// The only namespace that whoever pushed it may see; nil for all.
    let namespace: String?

    func run() async throws -> CompressionReport {
        try await naming(version.reference) {
            let files = try registry.catalog.files(of: version.id)
            let parts = try parts(of: files)
            let folder = try ScratchFolder(in: try registry.directory.uploads.folder("compressing"))
            defer { withExtendedLifetime(folder) {} }
            let scanned = try await InputScan(
                inputs: parts.inputs, workers: registry.workers, progress: registry.progress
            ).run()
            try check(scanned, against: files)
            let finding = try parts.reused ?? search(scanned, files).run(scanned.flatMap { $0.tensors ?? [] })

            let packs = PackDirectory(path: folder.path)
            let writer = try packs.newPack()
            let content = try await registry.store(
                exactly: scanned, base: finding.base, relatives: finding.relatives, rewritten: parts.movable,
                to: writer)
            let known = Dictionary(scanned.map { ($0.path, $0.record) }) { first, _ in first }
            let draft = try draft(parts.files.map { known[$0.path] ?? $0 }, finding)
            try writer.write(manifest: try draft.manifest(base: finding.base).json())
            let finished = writer.finishedObjects
            let id = try packs.publish(writer)
            let pack = PackRecord(
                id: id, byteCount: writer.byteCount, createdAt: Int(Date().timeIntervalSince1970))
            try await prove(draft.files, in: try packs.open(id))
            let record = try draft.record(
                base: finding.base, pack: pack, objects: content.objectRecords(pack: id, finished: finished),
                blocks: content.blocks)
            return try await swap(record, from: packs.path(of: id))
        }
    }

    // MARK: - What is to be encoded

    private struct Parts {
        /// The version's files, those of which a compressed copy exists as that is stored.
        var files: [FileRecord]
        var inputs: [ScannedInput] = []
        /// Objects that are stored anew.
        var movable: Set<Digest>
        /// What the compressed copy of the weights is stored against, where there is one.
        var reused: BaseSearch.Finding?
    }

    private func parts(of files: [FileRecord]) throws -> Parts {
        let movable = try registry.catalog.movableObjects(files.map(\.head), for: version.id)
        var parts = Parts(files: [], movable: movable)
        for file in files {
            guard file.tensors.isEmpty, movable.contains(file.head) else {
                parts.files.append(file)
                continue
            }
            if let (copy, owner) = try compressedCopy(of: file) {
                parts.files.append(copy)
                parts.reused = try finding(from: owner)
                continue
            }
            parts.files.append(file)
            let stored = StoredBytes(reader: registry.objects, digest: file.head)
            parts.inputs.append(
                ScannedInput(
                    path: file.path, file: InputFile(path: file.path, size: file.size, stored: stored),
                    isLFS: file.isLFS, content: try content(of: file, stored)))
        }
        // New weights beside the copied ones decide for themselves.
        if parts.inputs.contains(where: { if case .safetensors = $0.content { true } else { false } }) {
            parts.reused = nil
        }
        return parts
    }

    /// Weights that were compressed before, with a version that has the same file.
    private func compressedCopy(of file: FileRecord) throws -> (FileRecord, VersionRecord)? {
        guard file.isLFS else { return nil }
        for (id, _) in try registry.catalog.versions(withFile: file.sha256, isCompressed: true) {
            guard let owner = try registry.catalog.version(id: id),
                let other = try registry.catalog.filesIfRegistered(of: id)?.first(where: {
                    $0.sha256 == file.sha256 && !$0.tensors.isEmpty
                })
            else { continue }
            let copy = FileRecord(
                path: file.path, size: file.size, sha256: file.sha256, gitBlobID: file.gitBlobID, isLFS: file.isLFS,
                content: other.content.withoutLosses)
            return (copy, owner)
        }
        return nil
    }

    private func finding(from owner: VersionRecord) throws -> BaseSearch.Finding {
        let ownBase = try owner.baseVersion.flatMap { try registry.catalog.version(id: $0) }
        if owner.model == version.model { return .init(base: ownBase, isBase: version.isBase) }
        // A model that is a base already stays one: others may be built on it. And nobody is to learn of a model by having its files.
        let isOpen = namespace == nil || owner.model.namespace == nil || owner.model.namespace == namespace
        guard isOpen else { return .init(isBase: version.isBase) }
        guard !version.isBase else { return .init(isBase: true) }
        return .init(base: owner.isBase ? owner : ownBase, isBase: false)
    }

    /// A file that is named as safetensors and is none is kept like any other.
    private func content(of file: FileRecord, _ stored: StoredBytes) throws -> ModelFile.Content {
        guard file.isLFS, ModelFile.isSafetensors(path: file.path) else { return .raw }
        let header: Result<SafetensorsHeader, DeltaicError> = Result { () throws(DeltaicError) in
            try SafetensorsHeader.read(size: file.size) { range throws(DeltaicError) in try stored.read(range) }
        }
        switch header {
        case .success(let header): return .safetensors(header)
        case .failure(let error):
            guard error.code == .malformedSafetensors || error.code == .unsupportedElementType else { throw error }
            return .raw
        }
    }

    private func search(_ scanned: [HashedFile], _ files: [FileRecord]) throws -> BaseSearch {
        BaseSearch(
            registry: registry, rules: rules, version: version, card: try card(files), namespace: namespace,
            isAdapter: files.contains { $0.path == AdapterConfig.fileName })
    }

    private func card(_ files: [FileRecord]) throws -> ModelCard? {
        guard let file = files.first(where: { $0.path == ModelCard.path }), case .raw(let object) = file.content else {
            return nil
        }
        let stored = StoredBytes(reader: registry.objects, digest: object)
        return ModelCard(
            text: String(decoding: try stored.read(0..<min(file.size, ModelCard.longest)), as: UTF8.self))
    }

    private func check(_ scanned: [HashedFile], against files: [FileRecord]) throws {
        let known = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        for file in scanned
        where known[file.path]?.sha256 != file.sha256 || known[file.path]?.gitBlobID != file.gitBlobID {
            throw DeltaicError(
                .contentMismatch, "what is stored of the upload is not what was sent", at: [file.path],
                expected: known[file.path]?.sha256.short, found: file.sha256.short, advice: "run `deltaic verify`")
        }
    }

    // MARK: - Taking the place

    private func draft(_ files: [FileRecord], _ finding: BaseSearch.Finding) throws -> VersionDraft {
        guard let pack = try registry.catalog.pack(of: version.id),
            let json = try registry.directory.packs.open(pack.id).manifest()
        else { throw DeltaicError(.malformedPack, "the version has no manifest") }
        let manifest = try VersionManifest(json: json)
        return VersionDraft(
            registration: Registration(
                name: try ModelName(manifest.model), task: version.task, tags: manifest.tags,
                message: version.message, metadata: version.metadata),
            isBase: finding.isBase, number: version.number, commit: version.commit, tree: version.tree,
            parent: version.parentCommit, createdAt: version.createdAt, files: files,
            compression: manifest.compression, branch: manifest.branch,
            rewrite: (manifest.rewrite ?? 0) + 1)
    }

    /// Decodes every file from the pack as it lies on the disk, and compares it with its SHA-256.
    private func prove(_ files: [FileRecord], in pack: PackReader) async throws {
        let reader = ObjectReader(
            source: NewPackObjects(
                pack: pack,
                registered: CatalogObjects(packs: registry.directory.packs, catalog: registry.catalog)))
        registry.progress.begin("proving", totalBytes: files.reduce(0) { $0 + $1.size })
        defer { registry.progress.end() }
        for file in files {
            try await naming(file.path) {
                try await FileReconstruction(file: file, reader: reader)
                    .run(workers: registry.workers, progress: registry.progress) { _ in }
            }
        }
    }

    private func swap(_ record: NewVersion, from path: String) async throws -> CompressionReport {
        let writing = try await registry.lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        let packs = registry.directory.packs
        try packs.adopt(record.pack.id, from: path)
        let unneeded = try registry.keeping(record.pack.id) {
            try registry.catalog.replace(version.id, with: record)
        }
        guard let now = try registry.catalog.version(id: version.id) else {
            throw DeltaicError(.unknownVersion, "the version was removed a moment after it was compressed")
        }
        return CompressionReport(
            version: VersionSummary(now), storedBytes: record.pack.byteCount,
            garbageBytes: unneeded.reduce(0) { $0 + $1.byteCount })
    }
}
