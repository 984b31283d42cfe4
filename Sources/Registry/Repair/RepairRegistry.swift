internal import Catalog
public import DeltaicCore
internal import Foundation
internal import Glibc
internal import PackFormat

/// What a repair found and did.
public struct RepairReport: Sendable, Codable {
    /// A pack that was damaged or missing.
    public struct Pack: Sendable, Codable {
        public let id: Digest
        /// The pack that has its objects now; the same id if it could be made again byte for byte.
        public let replacement: Digest?
        /// Objects that were taken from other copies, each with where.
        public let restored: [Digest: String]
        /// Objects of which no whole copy was found.
        public let lost: [Digest]
        /// Where the damaged file is now.
        public let quarantined: String?
        /// Why it could not be repaired, where more is wrong than that copies are missing.
        public var problem: String?
    }

    public let isDryRun: Bool
    public let checkedPacks: Int
    public let packs: [Pack]
    /// Versions that cannot be read, as long as what is lost is not brought back.
    public let unreadable: [String]
    /// Whether the journal was damaged and was written anew.
    public let rewroteJournal: Bool

    /// Whether all that was damaged is whole again.
    public var isWhole: Bool { unreadable.isEmpty && packs.allSatisfy { $0.lost.isEmpty && $0.problem == nil } }
}

extension ModelRegistry {
    /// Looks for damaged packs and makes them whole, from their own records and from other copies of what is damaged.
    ///
    /// Whatever is written is read back and compared with its SHA-256 before it takes the place of anything. A damaged pack stays where
    /// it is as long as something in it can be read only there; what is of no use any more is moved to `quarantine/`.
    ///
    /// - Parameter sources: folders with other copies: of registries, or of a model's original files.
    /// - Throws: `.catalogDamaged` if the catalog is: it comes first.
    public func repair(from sources: [String] = [], isDryRun: Bool = false) async throws -> RepairReport {
        let problems = try catalog.check()
        if let problem = problems.first {
            throw DeltaicError(
                .catalogDamaged, problem, at: [directory.catalogPath],
                advice: "run `deltaic rebuild` first, which makes the catalog anew from the packs")
        }
        return try await RepairRun(registry: self, paths: sources, isDryRun: isDryRun).run()
    }
}

/// One repair.
private struct RepairRun {
    let registry: ModelRegistry
    let paths: [String]
    let isDryRun: Bool

    private var catalog: CatalogDatabase { registry.catalog }
    private var packs: PackDirectory { registry.directory.packs }

    func run() async throws -> RepairReport {
        let reading = try await registry.lockForReading()
        defer { withExtendedLifetime(reading) {} }
        let all = try catalog.packs()
        let damages = try find(among: all)
        var repaired: [RepairReport.Pack] = []
        if !damages.isEmpty {
            let sources = RepairSources(
                fallback: CatalogObjects(packs: packs, catalog: catalog))
            try sources.add(
                packs, named: "another pack", excluding: Set(damages.map(\.record.id)), progress: registry.progress)
            for path in paths { try await sources.add(path, workers: registry.workers, progress: registry.progress) }
            // What others are decoded from was registered before them.
            for damage in damages {
                if let pack = try await repair(damage.record, sources) { repaired.append(pack) }
            }
        }
        registry.closeDeletedPacks()
        let journal = try await repairJournal()
        return RepairReport(
            isDryRun: isDryRun, checkedPacks: all.count, packs: repaired,
            unreadable: try unreadable(Set(repaired.flatMap(\.lost))), rewroteJournal: journal)
    }

    /// Repairs a pack that was damaged when all were read; others write before and after.
    ///
    /// - Returns: nil if there is nothing left to repair.
    private func repair(_ record: PackRecord, _ sources: RepairSources) async throws -> RepairReport.Pack? {
        let writing = try await registry.lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        guard try !catalog.garbage().contains(where: { $0.id == record.id }), try catalog.pack(record.id) != nil,
            let damage = try damage(of: record)
        else { return nil }
        do {
            return try repair(damage, sources)
        } catch let error as DeltaicError where error.code.category == .damaged || error.code.category == .notFound {
            // The other packs can be repaired all the same.
            return .init(
                id: record.id, replacement: nil, restored: [:], lost: Set(damage.objects.values).sorted(),
                quarantined: nil, problem: error.description)
        }
    }

    private func find(among all: [PackRecord]) throws -> [PackDamage] {
        registry.progress.begin("reading packs", totalBytes: all.reduce(0) { $0 + $1.byteCount })
        defer { registry.progress.end() }
        return try all.compactMap(damage)
    }

    /// Nil if all that is needed of the pack is whole, and it can be opened.
    private func damage(of pack: PackRecord) throws -> PackDamage? {
        let rows = try catalog.objects(inPack: pack.id)
        guard var damage = try PackDamage(pack, in: packs, rows: rows, progress: registry.progress) else { return nil }
        // What no version needs is not lost: it is left out of what is written anew.
        let used = try catalog.usedObjects(inPack: pack.id)
        // Of a file that waits for its commit no version needs anything yet.
        if !used.isEmpty { damage.forget { !used.contains($0) } }
        return damage
    }

    private func repair(_ damage: PackDamage, _ sources: RepairSources) throws -> RepairReport.Pack {
        let id = damage.record.id
        let folder = try ScratchFolder(in: try registry.directory.uploads.folder("repairing"))
        defer { withExtendedLifetime(folder) {} }
        if let copy = try sources.pack(damage.record) {
            if isDryRun { return .init(id: id, replacement: id, restored: [:], lost: [], quarantined: nil) }
            return try take(copy, for: damage, folder)
        }
        let rows = try catalog.objects(inPack: id)
        let scratch = PackDirectory(path: folder.path)
        let (damage, result) = try restored(damage, rows, sources, scratch)
        guard let path = result.path, let new = result.pack, !isDryRun else {
            return .init(
                id: id, replacement: result.pack?.id, restored: result.restored, lost: result.lost, quarantined: nil)
        }
        let quarantine = Quarantine(directory: registry.directory)
        var moved: String?
        if new.id == id {
            moved = try quarantine.keep(packs.path(of: id))
            try packs.replace(id, with: path)
        } else {
            try packs.adopt(new.id, from: path)
            try registry.keeping(new.id) {
                if result.isWhole {
                    try catalog.repack(id, into: new, objects: result.objects)
                } else {
                    try catalog.move(
                        result.objects, from: id, to: new, takesVersion: !damage.canBeOpened)
                }
            }
            if result.isWhole || !damage.canBeOpened { moved = try quarantine.take(packs.path(of: id)) }
            if result.isWhole { try catalog.forgetGarbage([id]) }
        }
        return .init(
            id: id, replacement: new.id, restored: result.restored, lost: result.lost, quarantined: moved)
    }

    /// Puts a copy of the whole pack in its place.
    private func take(_ copy: String, for damage: PackDamage, _ folder: ScratchFolder) throws -> RepairReport.Pack {
        let id = damage.record.id
        let source = try ReadOnlyFile(path: copy)
        let scratch = PackDirectory(path: folder.path)
        try registry.makeFolder(DurableFile.folder(of: scratch.path(of: id)))
        let file = try DurableFile(path: scratch.path(of: id))
        for start in stride(from: 0, to: source.size, by: 4 << 20) {
            try file.write(try source.read(start..<min(source.size, start + (4 << 20))))
        }
        try file.publish()
        guard try PackDamage(damage.record, in: scratch, rows: [], progress: SilentProgress()) == nil else {
            throw DeltaicError(.malformedPack, "the copy is not what was read of it before", at: [copy])
        }
        let moved = try Quarantine(directory: registry.directory).keep(packs.path(of: id))
        try packs.replace(id, with: file.path)
        let restored = Dictionary(damage.objects.values.map { ($0, copy) }, uniquingKeysWith: { first, _ in first })
        return .init(id: id, replacement: id, restored: restored, lost: [], quarantined: moved)
    }

    /// Writes what can be restored of a pack, and decodes it from what lies on the disk then.
    ///
    /// - Returns: the damage too, with what was found only now.
    private func restored(
        _ damage: PackDamage, _ rows: [ObjectRecord], _ sources: RepairSources, _ scratch: PackDirectory
    ) throws -> (PackDamage, PackRestoration.Result) {
        var damage = damage
        while true {
            let result = try PackRestoration(damage: damage, rows: rows, sources: sources).run(in: scratch) {
                try manifest(of: damage.record)
            }
            guard let wrong = try firstWrong(result, rows, scratch, sources) else { return (damage, result) }
            guard result.restored[wrong] == nil, let position = rows.first(where: { $0.digest == wrong })?.position,
                damage.objects.updateValue(wrong, forKey: position) == nil
            else {
                throw DeltaicError(
                    .contentMismatch, "what was restored is not what was lost; nothing was replaced",
                    at: ["object \(wrong.short)"])
            }
        }
    }

    /// An object of the new pack that does not decode to its SHA-256; nil if all do.
    ///
    /// Those that were whole are decoded too where the index was not: other bytes of the pack may have looked like their records.
    private func firstWrong(
        _ result: PackRestoration.Result, _ rows: [ObjectRecord], _ scratch: PackDirectory, _ sources: RepairSources
    ) throws -> Digest? {
        guard let pack = result.pack else { return nil }
        let registered = CatalogObjects(packs: packs, catalog: catalog)
        let reader = ObjectReader(source: NewPackObjects(pack: try scratch.open(pack.id), registered: registered))
        // Others may be decoded from what the catalog has let go of.
        let used = try catalog.usedObjects(inPack: rows.first?.pack ?? pack.id)
        let known = Set(rows.map(\.digest))
        for object in result.objects
        where known.contains(object.digest) && (used.isEmpty || used.contains(object.digest)) {
            let decoded = Result {
                var hash = try StreamingHash(.sha256)
                for position in try reader.object(object.digest).chunks.indices {
                    hash.update(try reader.chunk(position, of: object.digest))
                }
                return Digest(uncheckedBytes: hash.finish())
            }
            switch decoded {
            case .success(object.digest): continue
            case .success: return object.digest
            case .failure(let error as DeltaicError) where error.code.category == .damaged:
                // What it is decoded from may be what is lost: then it stays as it is.
                let isRestored = result.restored[object.digest] != nil
                if try isRestored || sources.copy(of: object.digest) != nil { return object.digest }
            case .failure(let error): throw error
            }
        }
        return nil
    }

    /// The manifest as the catalog knows it.
    private func manifest(of pack: PackRecord) throws -> [UInt8]? {
        guard let version = try catalog.version(writing: pack.id) else { return nil }
        return try VersionManifest(
            version, files: try catalog.files(of: version.id), recipe: try catalog.recipe(of: version.id),
            baseCommit: try version.baseVersion.flatMap { try catalog.version(id: $0)?.commit },
            branch: try catalog.history(of: version.model).branches.first { $0.version == version.id }?.name
        ).json()
    }

    private func unreadable(_ lost: Set<Digest>) throws -> [String] {
        guard !lost.isEmpty else { return [] }
        return try catalog.versions(needing: lost).map(\.reference)
    }

    private func repairJournal() async throws -> Bool {
        let writing = try await registry.lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        let journal = registry.directory.journal
        let contents = try journal.read()
        let isMissing = try contents.last == 0 && catalog.lastEvent() > 0
        guard !contents.problems.isEmpty || isMissing else { return false }
        if isDryRun { return true }
        try Quarantine(directory: registry.directory).keep(journal.path)
        try journal.rewrite(from: catalog)
        return true
    }
}
