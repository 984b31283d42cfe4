internal import Catalog
public import DeltaicCore
internal import Foundation
internal import Glibc
internal import PackFormat

/// What a rebuilt catalog has.
public struct RebuildReport: Sendable, Codable {
    public let isDryRun: Bool
    public let versions: Int
    public let models: Int
    public let packs: Int
    public let objects: Int
    public let tags: Int
    /// Whether the journal told of everything; if not, versions that were removed may be back, and tags be those of registration.
    public let hasJournal: Bool
    /// Packs that no version needs; they are garbage.
    public let unneededPacks: Int
    /// Versions that are not in the new catalog, each with what is wrong.
    public let lost: [String: String]
    /// Versions that only their packs tell of: they were registered after the journal's end, or that has gaps.
    public let unnamed: [String]
    /// Packs that may be all that is left of a version, but nothing says of which, with why; they are in `quarantine/`.
    public let unclear: [Digest: String]
    public let problems: [String]
    /// Where the catalog of before is now; nil if there was none.
    public let previousCatalog: String?
}

extension DeltaicError.Code {
    /// A catalog that is made anew would lack versions.
    public static let incompleteRebuild = Self("incompleteRebuild", .damaged)
}

extension ModelRegistry {
    /// Makes the catalog anew from the packs and the journal beside them, and puts it in the place of the one that is there.
    ///
    /// The catalog of before is kept under another name. Nothing else may have the registry open. Where equal blocks were first seen is
    /// not found out again: blocks that are registered later may be stored once more.
    ///
    /// - Parameters:
    ///   - isDryRun: whether to say only what the new catalog would have.
    ///   - allowsLoss: whether versions may be left out whose packs are gone or damaged. What is left of them is put aside.
    /// - Throws: `.noRegistry`; `.registryLocked` if another process has it open; `.incompleteRebuild` naming the versions that would be
    ///   lost; nothing is changed then.
    public static func rebuild(
        path: String, isDryRun: Bool = false, allowsLoss: Bool = false, progress: any ProgressReport = SilentProgress()
    ) async throws -> RebuildReport {
        let directory = RegistryDirectory(path: path)
        try directory.check()
        let alone = try await LockWait(path: directory.markerPath, mode: .exclusive, seconds: 10, progress: progress)
            .run()
        defer { withExtendedLifetime(alone) {} }
        return try Rebuild(directory: directory, isDryRun: isDryRun, allowsLoss: allowsLoss, progress: progress).run()
    }
}

/// One rebuild.
private struct Rebuild {
    let directory: RegistryDirectory
    let isDryRun: Bool
    let allowsLoss: Bool
    let progress: any ProgressReport

    private var newPath: String { directory.catalogPath + ".rebuilding" }

    func run() throws -> RebuildReport {
        copyLastEvents()
        let journal = try directory.journal.read()
        let history = RegistryHistory(journal.events)
        let hasJournal = !journal.events.isEmpty && journal.problems.isEmpty && history.problems.isEmpty
        let survey = try PackSurvey(packs: directory.packs, progress: progress)
        let found = SurveyedVersions(
            survey, history: history, isComplete: hasJournal, end: journal.events.last?.at ?? .min)
        try survey.index(first: found.versions.map(\.pack.id))

        var lost = found.lost
        var objects = SurveyedObjects(survey: survey)
        var kept: [(version: SurveyedVersion, manifest: IncomingManifest)] = []
        for version in found.versions {
            do {
                let isBase = history.models[version.model]?.isBase ?? version.manifest.isBase
                let manifest = try IncomingManifest(json: try version.manifest.json(), isBase: isBase)
                for digest in Set(manifest.files.flatMap(\.objects)) { try objects.add(digest) }
                kept.append((version, manifest))
            } catch let error as DeltaicError {
                lost[version.reference] = error.summary
            }
        }
        while true {
            let bases = BaseRows(kept.map(\.version))
            let baseless = kept.filter { $0.manifest.manifest.base.map { bases.reference(of: $0) == nil } ?? false }
            for (version, manifest) in baseless {
                let base = manifest.manifest.base.map { "\($0.model)@v\($0.number)" } ?? ""
                lost[version.reference] = "its base \(base) is lost"
            }
            kept.removeAll { lost[$0.version.reference] != nil }
            if baseless.isEmpty { break }
        }
        guard lost.isEmpty || allowsLoss || isDryRun else { throw Self.refusal(lost) }
        // Not what was added for versions that turned out to be lost.
        let records = objects.closure(of: Set(kept.flatMap { $0.manifest.files.flatMap(\.objects) }))
        let needed = Set(records.values.map(\.pack)).union(kept.map(\.version.pack.id))
        let unclear = found.unclear
        // What of a version is left out of the catalog stays in reach, even if others need objects in its pack.
        let doubtful = Set(found.versions.map(\.pack.id)).subtracting(kept.map(\.version.pack.id))
            .union(survey.damaged.keys).union(unclear.map(\.pack.id))
        let aside = doubtful.subtracting(needed)
        let unneeded = survey.found.values.filter { !needed.contains($0.id) && !aside.contains($0.id) }
        func report(_ previous: String?) -> RebuildReport {
            RebuildReport(
                isDryRun: isDryRun, versions: kept.count, models: Set(kept.map(\.version.model)).count,
                packs: needed.count, objects: records.count,
                tags: hasJournal
                    ? history.models.values.reduce(0) { $0 + $1.tags.count }
                    : kept.reduce(0) { $0 + $1.version.manifest.tags.count },
                hasJournal: hasJournal, unneededPacks: unneeded.count, lost: lost,
                unnamed: kept.map(\.version).filter { $0.history == nil }.map(\.reference),
                unclear: Dictionary(unclear.map { ($0.pack.id, $0.problem) }) { first, _ in first },
                problems: journal.problems + history.problems
                    + survey.damaged.sorted { $0.key < $1.key }.map(\.value),
                previousCatalog: previous)
        }
        if isDryRun { return report(nil) }

        try removeUnfinished()
        let catalog = try CatalogDatabase.create(path: newPath)
        try fill(catalog, kept, records, survey, history, hasJournal: hasJournal)
        try catalog.discard(
            strays: unneeded.map { ($0.id, $0.byteCount, Int(Date().timeIntervalSince1970)) })
        try catalog.restartEvents(after: journal.last)
        // Should nobody come to begin the journal anew below, the next to open the catalog copies this.
        _ = try catalog.writeSnapshot()
        try catalog.close()
        // What was left out is out of the way of whoever deletes garbage, before anybody can take it for that.
        let quarantine = Quarantine(directory: directory)
        for id in doubtful.sorted() { try quarantine.keep(directory.packs.path(of: id)) }
        // What it says that is not understood, or too little, somebody may still want to read.
        if !hasJournal || !unclear.isEmpty { try quarantine.keep(directory.journal.path) }
        let previous = try swap()
        for id in aside.sorted() { try directory.packs.delete(id) }
        try directory.journal.rewrite(from: CatalogDatabase.open(path: directory.catalogPath))
        return report(previous)
    }

    /// Copies events to the journal that only the catalog has, if that can be read at all.
    private func copyLastEvents() {
        guard !isDryRun, FileManager.default.fileExists(atPath: directory.catalogPath) else { return }
        let catalog = Result { try CatalogDatabase.open(path: directory.catalogPath) }
        guard case .success(let catalog) = catalog else { return }
        // Of a damaged one only what follows the journal's last event is believed, for that goes to its end.
        let isWhole = (try? catalog.check().isEmpty) == true
        try? isWhole ? directory.journal.catchUp(with: catalog) : directory.journal.addLastEvents(of: catalog)
        try? catalog.close()
    }

    private static func refusal(_ lost: [String: String]) -> DeltaicError {
        let some = lost.sorted { $0.key < $1.key }.prefix(5).map { "\($0.key) (\($0.value))" }
        return DeltaicError(
            .incompleteRebuild,
            "\(lost.count) versions would be lost: " + some.joined(separator: "; ") + (lost.count > 5 ? "; ..." : ""),
            advice:
                "the catalog is as it was; put the packs back from a backup, or give --allow-loss to go on without these versions"
        )
    }

    // MARK: - Rows

    private func fill(
        _ catalog: CatalogDatabase, _ kept: [(version: SurveyedVersion, manifest: IncomingManifest)],
        _ objects: [Digest: ObjectRecord], _ survey: PackSurvey, _ history: RegistryHistory, hasJournal: Bool
    ) throws {
        let times = Dictionary(kept.map { ($0.version.pack.id, $0.manifest.manifest.createdAt) }) { first, _ in first }
        let packs = Set(objects.values.map(\.pack)).union(kept.map(\.version.pack.id))
        let ordered = packs.sorted { (times[$0] ?? 0, $0) < (times[$1] ?? 0, $1) }
        try catalog.restore(
            packs: ordered.compactMap { id in
                survey.found[id].map {
                    (
                        PackRecord(id: id, byteCount: $0.byteCount, createdAt: times[id] ?? 0),
                        isUpload($0, history, objects)
                    )
                }
            },
            objects: objects.values.sorted { ($0.pack, $0.position) < ($1.pack, $1.position) })
        for (name, text) in history.tasks { try catalog.addTask(name, description: text) }
        // A journal with gaps may lack that one was revoked.
        for token in hasJournal ? Array(history.tokens.values) : [] {
            try catalog.addToken(token.record, sha256: token.sha256)
        }

        var rows: [String: VersionID] = [:]
        for (version, manifest) in kept {
            let record = try naming(version.reference) {
                try catalog.publish(
                    try new(version, manifest, isUploaded: hasUploads(manifest, survey, history, objects)))
            }
            rows[version.reference] = record.id
            for evaluation in version.history?.evaluations ?? [] {
                try catalog.addEvaluation(
                    EvaluationRecord(command: evaluation.command, score: evaluation.score, createdAt: evaluation.at),
                    to: record.id)
            }
            for (key, signature) in version.history?.signatures ?? [:] {
                try catalog.addSignature(
                    SignatureRecord(key: key, createdAt: signature.at, bundle: signature.bundle), to: record.id)
            }
        }
        let references = BaseRows(kept.map(\.version))
        var bases: [VersionID: VersionID] = [:]
        for (version, manifest) in kept {
            guard let base = manifest.manifest.base, let row = rows[version.reference] else { continue }
            bases[row] = references.reference(of: base).flatMap { rows[$0] }
        }
        try catalog.restore(bases: bases)
        for (name, var model) in history.models {
            // A journal without gaps ended before these were registered; one with gaps may tell of what was done to them later.
            for (version, _) in kept where version.model == name && version.history == nil {
                for tag in version.manifest.tags where hasJournal || model.tags[tag] == nil {
                    model.tags[tag] = version.number
                }
                if let branch = version.manifest.branch, hasJournal || model.branches[branch] == nil {
                    model.branches[branch] = version.number
                }
            }
            try catalog.restore(
                model: name, isBase: model.isBase, lastNumber: model.lastNumber,
                tags: model.tags.compactMapValues { rows["\(name)@v\($0)"] },
                branches: model.branches.compactMapValues { rows["\(name)@v\($0)"] })
        }
    }

    private func new(
        _ version: SurveyedVersion, _ incoming: IncomingManifest, isUploaded: Bool
    ) throws -> NewVersion {
        let manifest = incoming.manifest
        let model = try ModelName(version.model)
        var new = NewVersion(
            model: model, isBase: incoming.isBase, task: manifest.task, message: manifest.message,
            metadata: manifest.metadata, tags: version.history == nil ? manifest.tags : [], commit: manifest.commit,
            tree: manifest.tree, parentCommit: manifest.parent, createdAt: manifest.createdAt,
            pack: PackRecord(
                id: version.pack.id, byteCount: version.pack.byteCount, createdAt: manifest.createdAt),
            objects: [], files: incoming.files, recipe: try incoming.recipe(), branch: manifest.branch,
            isPending: version.history.map { $0.pending != nil } ?? isUploaded, number: version.number)
        new.registeredAs = manifest.model == version.model ? nil : manifest.model
        new.pusherNamespace = version.history?.pending?.namespace
        return new
    }

    /// Whether a pack is one file as a client sent it.
    private func isUpload(
        _ pack: PackSurvey.Found, _ history: RegistryHistory, _ objects: [Digest: ObjectRecord]
    ) -> Bool {
        if history.uploads.contains(pack.id) { return true }
        // Without the journal: what has no manifest, and nothing is decoded from.
        guard history.models.isEmpty, pack.manifest == nil else { return false }
        let own = objects.values.filter { $0.pack == pack.id }
        return own.count == 1 && own.allSatisfy { $0.codec == "solo" && $0.depth == 0 }
    }

    private func hasUploads(
        _ manifest: IncomingManifest, _ survey: PackSurvey, _ history: RegistryHistory,
        _ objects: [Digest: ObjectRecord]
    ) -> Bool {
        manifest.files.contains { file in
            guard file.isLFS, file.tensors.isEmpty, let pack = objects[file.head].flatMap({ survey.found[$0.pack] })
            else { return false }
            return isUpload(pack, history, objects)
        }
    }

    // MARK: - Files

    private func removeUnfinished() throws {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: newPath + suffix) {
            try FileManager.default.removeItem(atPath: newPath + suffix)
        }
    }

    /// Puts the new catalog in the place of the old one, which keeps another name.
    ///
    /// - Returns: where the old one is now.
    private func swap() throws -> String? {
        let path = directory.catalogPath
        var previous: String?
        if access(path, F_OK) == 0 {
            var kept = path + ".before-rebuild"
            var count = 1
            while access(kept, F_OK) == 0 {
                count += 1
                kept = path + ".before-rebuild-\(count)"
            }
            guard link(path, kept) == 0 else { throw DeltaicError.systemCall("link", path: kept, errno: errno) }
            // Its log must not be taken for one of the new catalog's.
            for suffix in ["-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
                guard rename(path + suffix, kept + suffix) == 0 else {
                    throw DeltaicError.systemCall("rename", path: path + suffix, errno: errno)
                }
            }
            try DurableFile.syncFolder(directory.path)
            previous = kept
        }
        for suffix in ["-wal", "-shm"] { unlink(newPath + suffix) }
        guard rename(newPath, path) == 0 else { throw DeltaicError.systemCall("rename", path: path, errno: errno) }
        try DurableFile.syncFolder(directory.path)
        return previous
    }
}
