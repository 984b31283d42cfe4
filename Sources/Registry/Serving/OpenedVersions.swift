internal import Catalog
internal import DeltaicCore
internal import PackFormat
internal import Synchronization

/// The versions that were read last, ready to be read again.
///
/// A version is compared with the manifest in its pack when it is opened: what the catalog says of names, shapes and order is
/// proved from then on.
final class OpenedVersions: Sendable {
    /// Bounds memory, and with it the number of files that are open: at most 256 packs.
    private static let limit = 64 << 20

    private struct State {
        var versions = BoundedCache<VersionID, OpenedVersion>(limit: OpenedVersions.limit)
        var packs: [Digest: WeakPack] = [:]
    }

    private struct WeakPack {
        weak var reader: PackReader?
    }

    private let registry: ModelRegistry
    private let cache: DecodedCache
    private let state = Mutex(State())

    init(registry: ModelRegistry, cache: DecodedCache) {
        self.registry = registry
        self.cache = cache
    }

    var count: Int { state.withLock { $0.versions.count } }

    /// - Throws: `.unknownVersion` if it is not registered any more, or what is wrong with its rows and packs.
    func version(_ record: VersionRecord) throws -> OpenedVersion {
        if let known = state.withLock({ $0.versions.value(for: record.id) }) { return known }
        let opened: OpenedVersion
        do {
            opened = try open(record)
        } catch let error as DeltaicError where error.code == .missingPack {
            // Removed since the catalog was looked at, or moved to another pack.
            opened = try open(record)
        }
        state.withLock { $0.versions.insert(opened, for: record.id, cost: opened.cost) }
        return opened
    }

    /// Lets go of versions whose packs were deleted, so that the disk gets its space back.
    func closeStale() {
        state.withLock { state in
            state.versions.removeAll { $1.isStale }
            state.packs = state.packs.filter { $0.value.reader != nil }
        }
    }

    private func open(_ record: VersionRecord) throws -> OpenedVersion {
        guard let (contents, ids) = try registry.catalog.contentsAndPacks(of: record.id) else {
            throw DeltaicError.removedMeanwhile.inside(record.reference)
        }
        let packs = try ids.map { try pack($0) }
        try registry.manifests.run(contents) { try pack($0) }
        return OpenedVersion(files: contents.files, packs: packs, cache: cache)
    }

    private func pack(_ id: Digest) throws -> PackReader {
        if let known = state.withLock({ $0.packs[id]?.reader }), !known.isDeleted { return known }
        let reader = try registry.directory.packs.open(id)
        state.withLock { $0.packs[id] = WeakPack(reader: reader) }
        return reader
    }
}
