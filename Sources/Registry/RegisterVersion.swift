internal import Catalog
internal import DeltaCodecs
public import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TensorFiles

/// What is to be registered, apart from the files.
public struct Registration: Sendable {
    public var name: ModelName
    /// The base that the model is a fine-tune of; nil when a base is added.
    public var base: VersionReference?
    public var task: String?
    public var tags: [String]
    public var message: String?
    public var metadata: [String: String]

    public init(
        name: ModelName, base: VersionReference? = nil, task: String? = nil, tags: [String] = [],
        message: String? = nil, metadata: [String: String] = [:]
    ) {
        self.name = name
        self.base = base
        self.task = task
        self.tags = tags
        self.message = message
        self.metadata = metadata
    }
}

extension Registration {
    /// The names of what a version that exists has otherwise than asked for; what was not asked for does not count.
    ///
    /// - Parameter asked: the base version that the registration names; one that names just a base is content with any.
    fileprivate func differences(from version: VersionSummary, base asked: VersionRecord?) -> [String] {
        var names: [String] = []
        if let task, task != version.task { names.append("task") }
        if let message, message != version.message { names.append("message") }
        if !metadata.isEmpty, metadata != version.metadata { names.append("metadata") }
        if let base, let asked {
            let reference = "\(asked.model)@v\(asked.number)"
            let isSame =
                base.selector == .latest ? version.base?.hasPrefix("\(asked.model)@") : version.base == reference
            if isSame != true { names.append("base") }
        }
        return names
    }
}

/// What a registration did.
public struct RegistrationResult: Sendable, Codable {
    public let version: VersionSummary
    /// False if the model had a version with exactly these files: nothing was stored.
    public let isNew: Bool
    /// What was asked for and is otherwise on the version that was there already; versions do not change.
    public let notApplied: [String]
    /// The bytes of the pack that was written, 0 if none was.
    public let storedBytes: Int
    /// Objects (tensors, files, headers) that were written, and those that the registry had already.
    public let newObjects: Int
    public let knownObjects: Int
    /// Paths in the folder that are no part of the model and were left out.
    public let skipped: [String]
}

extension ModelRegistry {
    /// Adds a base: a model stored in full, that others can be registered against.
    public func addBase(_ path: String, as registration: Registration) async throws -> RegistrationResult {
        try await register(path, as: registration, isBase: true)
    }

    /// Registers a fine-tune as a lossless delta of its base.
    public func register(_ path: String, as registration: Registration) async throws -> RegistrationResult {
        try await register(path, as: registration, isBase: false)
    }

    private func register(
        _ path: String, as registration: Registration, isBase: Bool
    ) async throws -> RegistrationResult {
        let model = try ModelDirectory.open(path)
        try check(registration, isBase: isBase)
        let files = try await InputScan(model: model, workers: workers, progress: progress).run()
        let tree = try GitTree(files.map { ($0.path, $0.gitBlobID) }).root
        let pieceCount = Set(files.flatMap { [$0.head.digest] + ($0.tensors ?? []).map(\.digest) }).count

        // One registration at a time from here on, so that what two models share is stored once, and nothing that the plan
        // refers to is removed. Pulls go on.
        let writing = try lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        try check(registration, isBase: isBase)
        let base = try baseVersion(registration)
        if let same = try catalog.version(of: registration.name, tree: tree) {
            let version = try tagged(same, registration.tags)
            return RegistrationResult(
                version: version, isNew: false, notApplied: registration.differences(from: version, base: base),
                storedBytes: 0,
                newObjects: 0, knownObjects: pieceCount, skipped: model.skipped)
        }
        let plan = try RegistrationPlan(files: files, base: base, catalog: catalog)
        try directory.packs.deleteLeftovers()
        let writer = try directory.packs.newPack()
        let written = try await write(plan, to: writer)
        let draft = try draft(registration, isBase: isBase, base: base, files: files, tree: tree)
        try writer.write(manifest: try draft.manifest(base: base).json())
        let version = try publish(writer, draft: draft, base: base, written: written, plan: plan)
        return RegistrationResult(
            version: VersionSummary(version), isNew: true, notApplied: [], storedBytes: version.storedBytes,
            newObjects: plan.objects.count, knownObjects: pieceCount - plan.objects.count, skipped: model.skipped)
    }

    private func tagged(_ version: VersionRecord, _ tags: [String]) throws -> VersionSummary {
        for tag in tags { try catalog.setTag(model: version.model, tag: tag, version: version.id) }
        return VersionSummary(try catalog.version(id: version.id) ?? version)
    }

    /// Refuses what can be refused before anything is read.
    private func check(_ registration: Registration, isBase: Bool) throws {
        for tag in registration.tags { try CatalogDatabase.checkTag(tag) }
        if let task = registration.task { try ModelName.check(task, kind: "task", limit: 96) }
        _ = try baseVersion(registration)
        guard let existing = try catalog.newestVersion(of: registration.name), existing.isBase != isBase else { return }
        throw DeltaicError(
            .notABase, "the name belongs to a \(existing.isBase ? "base" : "model")", at: ["\(registration.name)"],
            advice: existing.isBase
                ? "add a new version of the base with `deltaic base add`, or choose another name"
                : "choose another name for the base")
    }

    private func baseVersion(_ registration: Registration) throws -> VersionRecord? {
        guard let reference = registration.base else { return nil }
        let base = try catalog.version(reference)
        guard base.isBase else {
            throw DeltaicError(
                .notABase, "the model is no base", at: ["\(reference)"],
                advice: "name a base; `deltaic list --bases` shows them, `deltaic base add` adds one")
        }
        return base
    }

    /// What was written for each planned object.
    private struct WrittenObject {
        var codecs: Set<CodecID> = []
        var dependencies: Set<Digest> = []
    }

    private func write(_ plan: RegistrationPlan, to writer: PackWriter) async throws -> [WrittenObject] {
        let encoder = ChunkEncoder(plan: plan, objects: objects)
        progress.begin("encoding", totalBytes: plan.objects.reduce(0) { $0 + $1.description.byteCount })
        defer { progress.end() }
        var written = [WrittenObject](repeating: WrittenObject(), count: plan.objects.count)
        // Ends the objects before `position` and begins it; those without chunks have no job that would.
        var open = -1
        func begin(_ position: Int) throws {
            while open < position {
                if open >= 0 { try writer.endObject() }
                open += 1
                if open < plan.objects.count { try writer.beginObject(plan.objects[open].description) }
            }
        }
        try await workers.mapInOrder(encoder.jobs) { job in
            try encoder.encode(job)
        } consume: { finished in
            try begin(finished.objectPosition)
            try writer.append(
                codec: finished.chunk.codec.number, streams: finished.chunk.streams, rawChecksum: finished.rawChecksum)
            written[finished.objectPosition].codecs.insert(finished.chunk.codec)
            if finished.chunk.codec == .reference {
                let target = try BlockReference(streams: finished.chunk.streams)
                if target.object != plan.objects[finished.objectPosition].description.digest {
                    written[finished.objectPosition].dependencies.insert(target.object)
                }
            }
            progress.advance(finished.rawCount)
        }
        try begin(plan.objects.count)
        return written
    }

    private func draft(
        _ registration: Registration, isBase: Bool, base: VersionRecord?, files: [HashedFile], tree: GitObjectID
    ) throws -> VersionDraft {
        let parent = try catalog.newestVersion(of: registration.name)?.commit
        let createdAt = Int(Date().timeIntervalSince1970)
        let commit = try GitCommit.object(
            tree: tree, parents: parent.map { [$0] } ?? [],
            author: GitCommit.Author(name: "Deltaic", email: "deltaic@localhost"), timestamp: createdAt,
            message: registration.message ?? "Register \(registration.name)")
        return VersionDraft(
            registration: registration, isBase: isBase, number: try catalog.nextNumber(of: registration.name),
            commit: commit.id, tree: tree, parent: parent, createdAt: createdAt, files: files)
    }

    /// The bytes become durable, then the rows are written; if those are refused, the bytes go.
    private func publish(
        _ writer: PackWriter, draft: VersionDraft, base: VersionRecord?, written: [WrittenObject],
        plan: RegistrationPlan
    ) throws -> VersionRecord {
        let finished = writer.finishedObjects
        let id = try directory.packs.publish(writer)
        let pack = PackRecord(id: id, byteCount: writer.byteCount, createdAt: draft.createdAt)
        let objects = zip(plan.objects, written).enumerated().map { position, pair in
            let (planned, result) = pair
            let base = result.codecs.contains(.exact) ? planned.description.base : nil
            return ObjectRecord(
                digest: planned.description.digest, length: planned.description.byteCount, pack: id,
                position: position, codec: result.codecs.objectCodec.description,
                storedBytes: finished[position].storedBytes, base: base, depth: planned.depth,
                dependencies: Array(result.dependencies.union(base.map { [$0] } ?? [])).sorted())
        }
        let blocks = plan.objects.flatMap { object in
            object.source.blockKeys.count < 2
                ? []
                : object.source.blockKeys.enumerated().compactMap { position, key in
                    object.blockCandidates[position] == nil
                        ? BlockRecord(key: key, object: object.description.digest, chunk: position) : nil
                }
        }
        do {
            return try catalog.publish(draft.record(base: base, pack: pack, objects: objects, blocks: blocks))
        } catch {
            // After a failed sync the rows may still come back with the catalog's log: then the pack must be there.
            if (error as? DeltaicError)?.code != .ioFailure { try directory.packs.delete(id) }
            throw error
        }
    }
}

extension Set<CodecID> {
    /// One codec for a whole object: the one that says most about how its bytes are kept.
    fileprivate var objectCodec: CodecID {
        contains(.exact) ? .exact : contains(.solo) || isEmpty ? .solo : .reference
    }
}
