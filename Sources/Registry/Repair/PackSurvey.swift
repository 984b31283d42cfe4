internal import Catalog
internal import DeltaicCore
internal import PackFormat
internal import Synchronization

/// The packs that lie in a registry's folder, looked at without a catalog.
final class PackSurvey: ObjectSource {
    /// A pack that says which version wrote it.
    struct Found: Sendable {
        let id: Digest
        let byteCount: Int
        /// When the file was written, in seconds since 1970.
        let writtenAt: Int
        /// Nil for packs without a manifest: single files as clients sent them, and what was kept of removed versions.
        let manifest: VersionManifest?
    }

    private struct State {
        var open: [Digest: PackReader] = [:]
        var places: [Digest: Place] = [:]
    }

    /// Where an object is taken from: a pack, and its ordinal there.
    struct Place: Sendable {
        let pack: Digest
        let position: Int
    }

    private let packs: PackDirectory
    private let state = Mutex(State())
    private static let openPackLimit = 128
    /// Packs that can be opened, by id.
    let found: [Digest: Found]
    /// What is wrong with the others.
    let damaged: [Digest: String]

    /// Opens every pack.
    ///
    /// - Parameter excluding: packs that are passed over.
    /// - Throws: `CancellationError`.
    init(packs: PackDirectory, excluding: Set<Digest> = [], progress: any ProgressReport) throws {
        self.packs = packs
        var found: [Digest: Found] = [:]
        var damaged: [Digest: String] = [:]
        let files = packs.contents().packs.filter { !excluding.contains($0.key) }
        progress.begin("reading packs", totalBytes: files.values.reduce(0, +))
        defer { progress.end() }
        for (id, byteCount) in files.sorted(by: { $0.key < $1.key }) {
            try Task.checkCancellation()
            do {
                let reader = try packs.open(id)
                found[id] = Found(
                    id: id, byteCount: byteCount, writtenAt: packs.modificationTime(of: id) ?? 0,
                    manifest: try reader.manifest().map { try VersionManifest(json: $0) })
            } catch let error as DeltaicError where error.code.category == .damaged {
                damaged[id] = error.summary
            }
            progress.advance(byteCount)
        }
        self.found = found
        self.damaged = damaged
    }

    /// Notes where objects are: in the first pack that has them.
    ///
    /// - Parameter order: the packs whose copies count first; the others follow.
    func index(first order: [Digest]) throws {
        var seen: Set<Digest> = []
        for id in order + found.keys.sorted() where found[id] != nil && seen.insert(id).inserted {
            try Task.checkCancellation()
            let opened = Result { try open(id) }
            // Whoever collects garbage may have been here meanwhile.
            if case .failure(let error as DeltaicError) = opened, error.code == .missingPack { continue }
            let objects = try opened.get().objects
            state.withLock { state in
                for (position, object) in objects.enumerated() where state.places[object.description.digest] == nil {
                    state.places[object.description.digest] = Place(pack: id, position: position)
                }
            }
        }
    }

    /// Nil if no pack has the object.
    func place(of digest: Digest) -> Place? { state.withLock { $0.places[digest] } }

    func locate(_ digest: Digest) throws -> LocatedObject {
        guard let place = place(of: digest) else {
            throw DeltaicError(.unknownContent, "no pack has the object", at: ["object \(digest.hex)"])
        }
        let pack = try open(place.pack)
        guard pack.objects.indices.contains(place.position) else {
            throw DeltaicError(.malformedPack, "the pack has changed while it was read", at: ["pack \(pack.id.short)"])
        }
        return LocatedObject(pack: pack, object: pack.objects[place.position])
    }

    private func open(_ id: Digest) throws -> PackReader {
        if let known = state.withLock({ $0.open[id] }) { return known }
        let reader = try packs.open(id)
        state.withLock { state in
            if state.open.count >= Self.openPackLimit { state.open = [:] }
            state.open[id] = reader
        }
        return reader
    }
}
