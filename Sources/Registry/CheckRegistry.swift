internal import Catalog
public import DeltaicCore
internal import PackFormat

/// What a check found.
public struct CheckReport: Sendable, Codable {
    public let packs: Int
    public let objects: Int
    /// Raw bytes that were decoded and compared with their SHA-256; 0 in a quick check.
    public let checkedBytes: Int
    /// What is damaged or missing, one sentence each; empty if all is well.
    public var problems: [String]
    /// Files under `packs/` that the catalog does not know: harmless leftovers of an interrupted command.
    public let strays: [String]
    /// The bytes of packs that nothing needs, and that `gc` deletes.
    public let garbageBytes: Int
    /// Changes that are in the catalog and not in the journal yet: the next change copies them.
    public let journalLag: Int
}

extension ModelRegistry {
    /// Checks the registry, or one version.
    ///
    /// - Parameters:
    ///   - reference: nil for everything; else the version whose files are reconstructed and compared with their SHA-256.
    ///   - isQuick: only structure: catalog, also against the manifests; presence and length of packs, their indexes and
    ///     record headers.
    public func check(_ reference: VersionReference? = nil, isQuick: Bool) async throws -> CheckReport {
        let lock = try await lockForReading()
        defer { withExtendedLifetime(lock) {} }
        var check = RegistryCheck(registry: self)
        if let reference {
            try await check.run(try catalog.contents(of: reference), isQuick: isQuick)
        } else {
            try await check.runAll(isQuick: isQuick)
        }
        return check.report
    }
}

/// One run of a check: goes on after a problem, so that the report has all of them.
private struct RegistryCheck {
    let registry: ModelRegistry
    private var packs = 0
    private var objects = 0
    private var checkedBytes = 0
    private var problems: [String] = []
    private var strays: [String] = []
    private var garbageBytes = 0
    private var journalLag = 0
    /// Packs that cannot be opened, or whose records are damaged.
    private var damagedPacks: Set<Digest> = []

    init(registry: ModelRegistry) {
        self.registry = registry
    }

    var report: CheckReport {
        CheckReport(
            packs: packs, objects: objects, checkedBytes: checkedBytes, problems: problems, strays: strays,
            garbageBytes: garbageBytes, journalLag: journalLag)
    }

    mutating func runAll(isQuick: Bool) async throws {
        problems += try registry.catalog.check()
        let known = try registry.catalog.packs()
        let found = registry.directory.packs.contents()
        let garbage = try registry.catalog.garbage()
        garbageBytes = garbage.reduce(0) { $0 + $1.byteCount }
        let ids = Set(known.map(\.id) + garbage.map(\.id))
        strays = found.packs.keys.filter { !ids.contains($0) }.map(registry.directory.packs.path(of:)).sorted()
        strays += found.others.filter { $0 != Journal.fileName }
        let journal = try JournalCheck(registry: registry).run()
        problems += journal.problems
        journalLag = journal.lag
        let total = try known.reduce(0) {
            try $0 + registry.catalog.objects(inPack: $1.id).reduce(0) { $0 + $1.length }
        }
        registry.progress.begin(isQuick ? "checking structure" : "checking", totalBytes: total)
        defer { registry.progress.end() }
        for pack in known { try await check(pack, isQuick: isQuick) }
        for version in try registry.catalog.allVersions() {
            // What is wrong with a pack was said already.
            let pack = try registry.catalog.pack(of: version.id)?.id
            if pack.map(damagedPacks.contains) != true { try await checkRows(of: version) }
        }
    }

    /// Checks that the catalog says of a version what its pack does.
    private mutating func checkRows(of version: VersionRecord) async throws {
        try await note(nil) { check in
            // It may have been removed since it was listed.
            guard let contents = try check.registry.catalog.contents(of: version.id) else { return }
            try check.registry.manifests.run(contents)
        }
    }

    mutating func run(_ contents: VersionContents, isQuick: Bool) async throws {
        let (version, files) = (contents.version, contents.files)
        registry.progress.begin("checking", totalBytes: files.reduce(0) { $0 + $1.size })
        defer { registry.progress.end() }
        try await note(nil) { try $0.registry.manifests.run(contents) }
        if isQuick {
            let digests = Set(files.flatMap { [$0.head] + $0.tensors.map(\.object) })
            let records = try registry.catalog.objects(Array(digests)).values
            // Removed in between, there would be nothing to check and nothing wrong.
            guard try registry.catalog.version(id: version.id) != nil else { throw DeltaicError.removedMeanwhile }
            for id in Set(records.map(\.pack)).sorted() {
                if let pack = try registry.catalog.pack(id) { try await check(pack, isQuick: true) }
            }
            return
        }
        for file in files {
            try await note("\(version.model)@v\(version.number), \(file.path)") { check in
                try await FileReconstruction(file: file, reader: check.registry.objects)
                    .run(workers: check.registry.workers, progress: check.registry.progress) { _ in }
                check.objects += 1 + file.tensors.count
                check.checkedBytes += file.size
            }
        }
    }

    private mutating func check(_ pack: PackRecord, isQuick: Bool) async throws {
        packs += 1
        let records = try registry.catalog.objects(inPack: pack.id)
        objects += records.count
        let place = registry.directory.packs.path(of: pack.id)
        let problemsBefore = problems.count
        try await note(place) { check in
            let reader = try check.registry.directory.packs.open(pack.id)
            guard reader.byteCount == pack.byteCount else {
                throw DeltaicError(
                    .malformedPack, "the pack has another length than the catalog says",
                    expected: "\(pack.byteCount)", found: "\(reader.byteCount)")
            }
            for record in records where reader.object(record.digest) == nil {
                throw DeltaicError(.malformedPack, "an object is missing", at: ["object \(record.digest.short)"])
            }
            try reader.checkManifest()
            try reader.checkObjectRecords()
            for object in reader.objects { for chunk in object.chunks { try reader.checkRecord(of: chunk) } }
            for record in records { try check.checkNeeds(of: record, in: reader) }
        }
        if problems.count > problemsBefore { damagedPacks.insert(pack.id) }
        for record in records {
            if isQuick {
                registry.progress.advance(record.length)
                continue
            }
            try await note("pack \(pack.id.short), object \(record.digest.short)") { check in
                try await ObjectCheck(reader: check.registry.objects).run(
                    record.digest, workers: check.registry.workers)
                check.checkedBytes += record.length
            }
            registry.progress.advance(record.length)
        }
    }

    /// Checks that the catalog knows all that an object is decoded from, and how deep it lies: what is needed is known by that.
    ///
    /// What lossy chunks share is seen when they are decoded.
    private func checkNeeds(of record: ObjectRecord, in reader: PackReader) throws {
        guard let object = reader.object(record.digest) else { return }
        try naming("object \(record.digest.short)") {
            let advice = "the packs are not affected: `deltaic rebuild` makes the catalog anew from them"
            let missing = try ObjectNeeds(object, in: reader).objects.subtracting(record.dependencies)
            if let need = missing.min() {
                throw DeltaicError(
                    .catalogDamaged, "the catalog does not know that the object is decoded from object \(need.short)",
                    advice: advice)
            }
            let deepest = try registry.catalog.objects(record.dependencies).values.map(\.depth).max() ?? -1
            guard record.depth > deepest, record.depth <= RegistrationPlan.depthLimit else {
                throw DeltaicError(
                    .catalogDamaged, "the catalog is wrong about how deep the object lies",
                    expected:
                        "\(deepest + 1) to \(RegistrationPlan.depthLimit)", found: "\(record.depth)", advice: advice)
            }
        }
    }

    /// Runs one part of the check and keeps what it throws as a problem; a check that is cancelled has found nothing.
    private mutating func note(_ place: String?, _ body: (inout RegistryCheck) async throws -> Void) async throws {
        do {
            try await body(&self)
        } catch let error as CancellationError {
            throw error
        } catch let error as DeltaicError {
            problems.append((place.map(error.inside) ?? error).description)
        } catch {
            problems.append("\(place.map { $0 + ": " } ?? "")\(error)")
        }
    }
}
