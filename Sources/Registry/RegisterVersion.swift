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
    /// Nil keeps every bit.
    public var lossy: LossyRequest?

    public init(
        name: ModelName, base: VersionReference? = nil, task: String? = nil, tags: [String] = [],
        message: String? = nil, metadata: [String: String] = [:], lossy: LossyRequest? = nil
    ) {
        self.name = name
        self.base = base
        self.task = task
        self.tags = tags
        self.message = message
        self.metadata = metadata
        self.lossy = lossy
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
    /// What lossy codecs took and cost; nil if every bit is kept.
    public let lossy: LossyReport?
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
        let scanned = try await InputScan(
            inputs: model.files.map(ScannedInput.init), workers: workers, progress: progress
        ).run()

        // One registration at a time from here on, so that what two models share is stored once, and nothing that the plan
        // refers to is removed. Pulls go on.
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        try check(registration, isBase: isBase)
        let base = try baseVersion(registration)
        func unchanged(_ files: [HashedFile], _ report: LossyReport? = nil) throws -> RegistrationResult? {
            guard let same = try catalog.version(of: registration.name, tree: try files.tree) else { return nil }
            let version = try tagged(same, registration.tags)
            return RegistrationResult(
                version: version, isNew: false, notApplied: registration.differences(from: version, base: base),
                storedBytes: 0, newObjects: 0, knownObjects: files.objectCount, skipped: model.skipped, lossy: report)
        }
        if registration.lossy == nil, let result = try unchanged(scanned) { return result }
        try directory.packs.deleteLeftovers()
        let writer = try directory.packs.newPack()
        let content = try await store(
            scanned, lossy: registration.lossy, base: base, to: writer, spoolFolder: directory.packs.path)
        if registration.lossy != nil, let result = try unchanged(content.files, content.report(writer)) {
            return result
        }
        var draft = try draft(
            registration, isBase: isBase, number: try catalog.nextNumber(of: registration.name),
            tree: try content.files.tree, parent: try catalog.newestVersion(of: registration.name)?.commit,
            files: content.files.map(\.record))
        draft.compression = registration.lossy.map { content.compression($0) }
        try writer.write(manifest: try draft.manifest(base: base).json())
        let version = try publish(writer, draft: draft, base: base, content: content)
        return RegistrationResult(
            version: VersionSummary(version), isNew: true, notApplied: [], storedBytes: version.storedBytes,
            newObjects: content.objects.count,
            knownObjects: content.files.objectCount + Set(content.lossy.flatMap(\.shared).map(\.digest)).count
                - content.objects.count,
            skipped: model.skipped, lossy: registration.lossy.map { _ in content.report(writer) })
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

    func baseVersion(_ registration: Registration) throws -> VersionRecord? {
        guard let reference = registration.base else { return nil }
        let base = try catalog.version(reference)
        guard base.isBase else {
            throw DeltaicError(
                .notABase, "the model is no base", at: ["\(reference)"],
                advice: "name a base; `deltaic list --bases` shows them, `deltaic base add` adds one")
        }
        return base
    }

    /// What a new version is, apart from its content.
    func draft(
        _ registration: Registration, isBase: Bool, number: Int, tree: GitObjectID, parent: GitObjectID?,
        files: [FileRecord]
    ) throws -> VersionDraft {
        var createdAt = Int(Date().timeIntervalSince1970)
        func commit() throws -> GitObjectID {
            try GitCommit.object(
                tree: tree, parent: parent, of: registration.name, createdAt: createdAt, message: registration.message
            ).id
        }
        // The same change on two branches in one second would be the same commit.
        while try catalog.hasCommit(try commit(), in: registration.name) { createdAt += 1 }
        return VersionDraft(
            registration: registration, isBase: isBase, number: number, commit: try commit(), tree: tree,
            parent: parent, createdAt: createdAt, files: files)
    }

    /// The bytes become durable, then the rows are written; if those are refused, the bytes go.
    ///
    /// - Parameter adjust: says what else is to be known of the version.
    func publish(
        _ writer: PackWriter, draft: VersionDraft, base: VersionRecord?, content: StoredContent,
        adjust: (inout NewVersion) throws -> Void = { _ in }
    ) throws -> VersionRecord {
        let finished = writer.finishedObjects
        let id = try directory.packs.publish(writer)
        let pack = PackRecord(id: id, byteCount: writer.byteCount, createdAt: draft.createdAt)
        let objects = content.objectRecords(pack: id, finished: finished)
        return try keeping(id) {
            var version = try draft.record(base: base, pack: pack, objects: objects, blocks: content.blocks)
            try adjust(&version)
            return try catalog.publish(version)
        }
    }

    /// Writes the rows that a new pack is for; if they are refused, the pack goes.
    func keeping<Value>(_ pack: Digest, _ rows: () throws -> Value) throws -> Value {
        do {
            return try rows()
        } catch {
            // After a failed sync the rows may still come back with the catalog's log: then the pack must be there. And it may
            // have been there before, with others.
            if (error as? DeltaicError)?.code != .ioFailure, try catalog.pack(pack) == nil {
                try directory.packs.delete(pack)
            }
            throw error
        }
    }
}

extension [HashedFile] {
    /// The Git tree of the files.
    fileprivate var tree: GitObjectID {
        get throws { try GitTree(map { ($0.path, $0.gitBlobID) }).root }
    }

    fileprivate var objectCount: Int {
        Set(flatMap { [$0.head] + ($0.tensors ?? []) }.map(\.digest)).count
    }
}
