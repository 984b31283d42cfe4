internal import Catalog
internal import DeltaicCore
internal import PackFormat
internal import Synchronization

/// An object and the open pack that holds it.
struct LocatedObject: Sendable {
    let pack: PackReader
    let object: PackObject
}

/// Says which pack holds an object.
protocol ObjectSource: Sendable {
    /// - Throws: `.unknownContent` if no pack does, or what is wrong with the pack that should.
    func locate(_ digest: Digest) throws -> LocatedObject
}

/// The objects of a pack that is not registered yet, and behind them those that are.
struct NewPackObjects: ObjectSource {
    let pack: PackReader
    let registered: CatalogObjects

    func locate(_ digest: Digest) throws -> LocatedObject {
        if let object = pack.object(digest) { return LocatedObject(pack: pack, object: object) }
        return try registered.locate(digest)
    }
}

/// Looks objects up in the catalog, and keeps the packs that it opened open.
final class CatalogObjects: ObjectSource {
    private struct State {
        var packs: [Digest: PackReader] = [:]
        var objects: [Digest: LocatedObject] = [:]
    }

    private let packs: PackDirectory
    private let catalog: CatalogDatabase
    private let state = Mutex(State())
    /// Open files are few next to the usual limit of 1,024.
    private static let openPackLimit = 256

    init(packs: PackDirectory, catalog: CatalogDatabase) {
        self.packs = packs
        self.catalog = catalog
    }

    func locate(_ digest: Digest) throws -> LocatedObject {
        if let known = state.withLock({ $0.objects[digest] }) { return known }
        guard let record = try catalog.object(digest) else {
            throw DeltaicError(.unknownContent, "the catalog has no such object", at: ["object \(digest.hex)"])
        }
        let pack = try open(record.pack)
        guard let object = pack.object(digest) else {
            throw DeltaicError(
                .malformedPack, "the pack does not hold the object that the catalog says",
                at: ["pack \(record.pack.short)", "object \(digest.short)"])
        }
        let located = LocatedObject(pack: pack, object: object)
        state.withLock { $0.objects[digest] = located }
        return located
    }

    /// Forgets where objects are if one of the packs was deleted: they are elsewhere now, or nowhere.
    func closeDeleted() {
        state.withLock { state in
            if state.packs.values.contains(where: \.isDeleted) { state = State() }
        }
    }

    private func open(_ id: Digest) throws -> PackReader {
        if let known = state.withLock({ $0.packs[id] }) { return known }
        let pack = try packs.open(id)
        state.withLock { state in
            if state.packs.count >= Self.openPackLimit {
                // Locations hold their packs open, so both go.
                state = State()
            }
            state.packs[id] = pack
        }
        return pack
    }
}
