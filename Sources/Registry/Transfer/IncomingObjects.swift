internal import Catalog
internal import DeltaicCore
internal import PackFormat

/// What the objects of a pack need, as their chunks say, whatever the sender said.
struct IncomingDependencies {
    private let pack: PackReader
    private let catalog: CatalogDatabase
    /// Of objects in the pack.
    private(set) var direct: [Digest: Set<Digest>] = [:]
    /// Chunk by chunk, of objects that refer to chunks of their own.
    private var sources: [Digest: [ObjectNeeds.Source]] = [:]
    private var depths: [Digest: Int] = [:]

    /// Reads what chunks refer to; what lossy chunks share is known only when they are decoded, see ``add(shared:)``.
    init(pack: PackReader, catalog: CatalogDatabase) throws {
        self.pack = pack
        self.catalog = catalog
        for object in pack.objects {
            let digest = object.description.digest
            guard direct[digest] == nil else {
                throw IncomingManifest.refusal("the pack holds an object twice", found: "object \(digest.short)")
            }
            let needs = try naming("object \(digest.short)") { try ObjectNeeds(object, in: pack) }
            direct[digest] = needs.objects
            if needs.hasOwn { sources[digest] = needs.chunks }
        }
    }

    /// Notes what the lossy chunks of objects share.
    mutating func add(shared: [Digest: Set<Digest>]) {
        for (digest, needs) in shared { direct[digest, default: []].formUnion(needs) }
        depths = [:]
    }

    /// How many objects must be decoded one after the other before an object.
    ///
    /// - Throws: `.missingObject` if it needs one that is neither in the pack nor registered; `.refusedTransfer` if it is too deep.
    mutating func depth(of digest: Digest) throws -> Int {
        try depth(of: digest, left: RegistrationPlan.depthLimit)
    }

    private mutating func depth(of digest: Digest, left: Int) throws -> Int {
        if let known = depths[digest] { return known }
        // A registered object keeps its place, so it is as deep as it is here, in whatever way the pack has it.
        if let record = try catalog.object(digest) {
            depths[digest] = record.depth
            return record.depth
        }
        guard let needs = direct[digest] else {
            throw DeltaicError(
                .missingObject, "the pack needs an object that is neither in it nor registered here",
                at: ["object \(digest.hex)"], advice: "send the version again: what is here has changed meanwhile")
        }
        guard left > 0 || needs.isEmpty else { throw Self.tooDeep(digest) }
        let depth = try ObjectNeeds.depth(of: needs, chunks: sources[digest] ?? []) {
            try self.depth(of: $0, left: left - 1)
        }
        guard depth <= RegistrationPlan.depthLimit else { throw Self.tooDeep(digest) }
        depths[digest] = depth
        return depth
    }

    private static func tooDeep(_ digest: Digest) -> DeltaicError {
        DeltaicError(
            .refusedTransfer, "objects depend on each other too deeply, or in a circle",
            at: ["object \(digest.short)"], expected: "at most \(RegistrationPlan.depthLimit)")
    }

    /// Refuses objects that no file of the version needs.
    func checkAllNeeded(by files: [FileRecord]) throws(DeltaicError) {
        var open = files.flatMap(\.objects)
        var seen: Set<Digest> = []
        while let next = open.popLast() {
            guard let needs = direct[next], seen.insert(next).inserted else { continue }
            open += needs
        }
        guard seen.count == direct.count else {
            throw IncomingManifest.refusal(
                "the pack holds objects that the version does not need", expected: "\(seen.count)",
                found: "\(direct.count)")
        }
    }
}
