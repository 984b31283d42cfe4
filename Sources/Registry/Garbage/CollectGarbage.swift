internal import Catalog
public import DeltaicCore
internal import Foundation
internal import PackFormat

/// How garbage is collected.
public struct GarbageCollection: Sendable {
    /// For how many seconds a pack is kept after its versions were removed, or after it was left behind.
    public var grace: Int
    /// Packs of which less than this share is needed are written anew; 0 for none.
    public var repackBelow: Double
    /// Whether nothing is to be changed.
    public var isDryRun: Bool
    /// For how many seconds readers are waited for that may know what is garbage.
    public var patience: Int

    public static let standardGrace = 24 * 3600

    public init(grace: Int = standardGrace, repackBelow: Double = 0.5, isDryRun: Bool = false, patience: Int = 10) {
        self.grace = grace
        self.repackBelow = repackBelow
        self.isDryRun = isDryRun
        self.patience = patience
    }
}

/// What a collection of garbage did, or would do.
public struct GarbageReport: Sendable, Codable {
    /// A pack that nothing needs.
    public struct Pack: Sendable, Codable {
        public let id: Digest
        public let bytes: Int
        /// `removed`, `replaced` or `stray`.
        public let reason: String
        /// Since when, in seconds since 1970.
        public let since: Int
    }

    /// A pack of which little is needed.
    public struct Repacked: Sendable, Codable {
        public let id: Digest
        public let bytes: Int
        /// What was written in its place; what is needed of it if nothing was changed.
        public let bytesAfter: Int
    }

    public let isDryRun: Bool
    /// Packs that were deleted.
    public let deleted: [Pack]
    /// Packs that wait until the grace period is over.
    public let waiting: [Pack]
    /// Packs that readers may still need, who began before they were garbage.
    public let inUse: [Pack]
    public let repacked: [Repacked]
    /// Files of interrupted commands that were deleted.
    public let leftovers: [String]
    /// Files among the packs that are not the registry's, or cannot be read: they are never deleted.
    public let strays: [String]

    /// Of the packs that were deleted.
    public let freedBytes: Int
    /// Of those that wait, and those in use.
    public let waitingBytes: Int
}

extension ModelRegistry {
    /// Deletes packs that nothing needs, and writes packs anew of which little is needed.
    ///
    /// First, packs are made garbage: those that were left behind, and those that are written anew. Then, what has been garbage for the
    /// grace period is deleted, as far as no reader is left that may know it. Neither readers nor writers wait for more than
    /// a moment. Interrupted anywhere, the next collection goes on.
    /// - Throws: `.missingPack` or `.malformedPack` if a pack that is needed is missing or damaged, and deletes nothing then: what is
    ///   garbage may be what it can be repaired with.
    public func collectGarbage(_ options: GarbageCollection = GarbageCollection()) async throws -> GarbageReport {
        try await GarbageRun(registry: self, options: options).run()
    }

    /// Deletes what was replaced by a compressed copy, as far as no reader may know it.
    ///
    /// - Returns: the bytes that were freed.
    public func deleteReplaced() async throws -> Int {
        let run = GarbageRun(registry: self, options: GarbageCollection(patience: 0))
        return try await run.sweep { $0.reason == .replaced }.deleted.reduce(0) { $0 + $1.byteCount }
    }
}

/// One collection.
private struct GarbageRun {
    let registry: ModelRegistry
    let options: GarbageCollection

    private var catalog: CatalogDatabase { registry.catalog }
    private var packs: PackDirectory { registry.directory.packs }

    func run() async throws -> GarbageReport {
        let found = try await mark()
        let now = Int(Date().timeIntervalSince1970)
        let isDue = { (pack: GarbageRecord) in pack.reason == .replaced || pack.since + options.grace <= now }
        let swept = options.isDryRun ? try forecast(isDue) : try await sweep(isDue)
        let waiting =
            try options.isDryRun
            ? catalog.garbage().filter { !isDue($0) }
            : catalog.garbage().filter {
                !swept.inUse.contains($0)
            }
        return GarbageReport(
            isDryRun: options.isDryRun, deleted: swept.deleted.map(GarbageReport.Pack.init),
            waiting: waiting.map(GarbageReport.Pack.init), inUse: swept.inUse.map(GarbageReport.Pack.init),
            repacked: found.repacked, leftovers: found.leftovers, strays: found.strays,
            freedBytes: swept.deleted.reduce(0) { $0 + $1.byteCount },
            waitingBytes: (waiting + swept.inUse).reduce(0) { $0 + $1.byteCount })
    }

    /// What is needed has to be there before anything is deleted that it might be repaired with.
    private func checkPacksInUse() throws {
        let found = packs.contents().packs
        for pack in try catalog.packs() where found[pack.id] != pack.byteCount {
            throw DeltaicError(
                found[pack.id] == nil ? .missingPack : .malformedPack,
                "a pack that is needed is \(found[pack.id] == nil ? "missing" : "damaged"), so nothing is deleted",
                at: [packs.path(of: pack.id)], expected: "\(pack.byteCount) bytes",
                found: found[pack.id].map { "\($0)" }, advice: "run `deltaic repair`")
        }
    }

    // MARK: - First phase: what is garbage

    private struct Marked {
        var repacked: [GarbageReport.Repacked] = []
        var leftovers: [String] = []
        var strays: [String] = []
    }

    private func mark() async throws -> Marked {
        var marked = try await markLeft()
        if options.repackBelow > 0 { marked.repacked = try await repack() }
        return marked
    }

    /// What was left behind.
    private func markLeft() async throws -> Marked {
        let writing = try await registry.lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        try checkPacksInUse()
        if !options.isDryRun { try catalog.discardUnreferencedPacks() }
        var marked = Marked()
        let known = Set(try (catalog.packs().map(\.id)) + catalog.garbage().map(\.id))
        let found = packs.contents()
        marked.leftovers = found.others.filter { DurableFile.isTemporary(($0 as NSString).lastPathComponent) }
        marked.strays = found.others.filter {
            !DurableFile.isTemporary(($0 as NSString).lastPathComponent) && $0 != Journal.fileName
        }
        var left: [(id: Digest, byteCount: Int, since: Int)] = []
        for (id, byteCount) in found.packs.sorted(by: { $0.key < $1.key }) where !known.contains(id) {
            let path = packs.path(of: id)
            // What cannot be read may be all that is left of something: it is for `repair`.
            guard (try? packs.open(id)) != nil else {
                marked.strays.append(path)
                continue
            }
            // From now on: a pack that was brought back from a backup has the time that it had there.
            left.append((id, byteCount, Int(Date().timeIntervalSince1970)))
        }
        if !options.isDryRun {
            try packs.deleteLeftovers()
            _ = try registry.directory.journal.compact(from: catalog)
            if !left.isEmpty { try catalog.discard(strays: left) }
        }
        return marked
    }

    private func repack() async throws -> [GarbageReport.Repacked] {
        var repacked: [GarbageReport.Repacked] = []
        for (pack, used) in try catalog.usedBytes()
        where Double(used) < Double(pack.byteCount) * options.repackBelow {
            try Task.checkCancellation()
            // Others may write between two packs; what they changed is seen now.
            let writing = try await registry.lockForWriting()
            defer { withExtendedLifetime(writing) {} }
            guard let pack = try catalog.pack(pack.id), try !catalog.garbage().contains(where: { $0.id == pack.id })
            else { continue }
            if let done = try await repack(pack, keepsManifest: catalog.version(writing: pack.id) != nil) {
                repacked.append(done)
            }
        }
        return repacked
    }

    /// - Returns: nil if it is not worth it.
    private func repack(_ pack: PackRecord, keepsManifest: Bool) async throws -> GarbageReport.Repacked? {
        let plan = try Repacking(pack: packs.open(pack.id), used: try catalog.usedObjects(inPack: pack.id))
        // Index and manifest are of use too: small packs consist of little else.
        guard plan.deadBytes > pack.byteCount / 8,
            Double(plan.deadBytes) > Double(pack.byteCount) * (1 - options.repackBelow)
        else { return nil }
        if options.isDryRun {
            return .init(id: pack.id, bytes: pack.byteCount, bytesAfter: pack.byteCount - plan.deadBytes)
        }
        let progress = registry.progress
        let new = try await BlockingWork.runCancellable { [packs] check in
            try plan.write(to: packs, keepsManifest: keepsManifest, progress: progress, checkCancellation: check)
        }
        try registry.keeping(new.pack.id) { try catalog.repack(pack.id, into: new.pack, objects: new.objects) }
        return .init(id: pack.id, bytes: pack.byteCount, bytesAfter: new.pack.byteCount)
    }

    // MARK: - Second phase: what can go

    private func forecast(_ isDue: (GarbageRecord) -> Bool) throws -> Swept {
        Swept(deleted: try catalog.garbage().filter(isDue), inUse: [])
    }

    struct Swept {
        var deleted: [GarbageRecord] = []
        var inUse: [GarbageRecord] = []
    }

    /// Deletes the files first and the rows then: a row without a file is finished by the next collection.
    func sweep(_ isDue: (GarbageRecord) -> Bool) async throws -> Swept {
        guard try catalog.garbage().contains(where: isDue) else { return Swept() }
        let drained = try await registry.epochs.drain {
            try await registry.lockWithoutReaders($0, seconds: options.patience)
        }
        let writing = try await registry.lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        var swept = Swept()
        // Looked at again: some of it may have been taken into use since.
        for pack in try catalog.garbage() where isDue(pack) {
            guard pack.epoch <= drained else {
                swept.inUse.append(pack)
                continue
            }
            try packs.delete(pack.id)
            swept.deleted.append(pack)
        }
        try catalog.forgetGarbage(swept.deleted.map(\.id))
        registry.closeDeletedPacks()
        return swept
    }
}

extension GarbageReport.Pack {
    init(_ record: GarbageRecord) {
        self.init(id: record.id, bytes: record.byteCount, reason: record.reason.rawValue, since: record.since)
    }
}
