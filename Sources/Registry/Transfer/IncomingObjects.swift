internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// What the objects of a pack need, as their chunks say, whatever the sender said.
struct IncomingDependencies {
    /// What a chunk is decoded from.
    private enum Source {
        case nothing
        case object(Digest)
        /// An earlier chunk of its own object.
        case own(Int)
    }

    private let pack: PackReader
    private let catalog: CatalogDatabase
    /// Of objects in the pack.
    private(set) var direct: [Digest: Set<Digest>] = [:]
    /// Chunk by chunk, of objects that refer to chunks of their own.
    private var sources: [Digest: [Source]] = [:]
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
            try naming("object \(digest.short)") { try read(object) }
        }
    }

    private mutating func read(_ object: PackObject) throws {
        var needs: Set<Digest> = []
        var chunks: [Source] = []
        var hasOwn = false
        for (position, chunk) in object.chunks.enumerated() {
            let source = try source(of: chunk, at: position, in: object)
            switch source {
            case .nothing: break
            case .object(let need): needs.insert(need)
            case .own: hasOwn = true
            }
            chunks.append(source)
        }
        direct[object.description.digest] = needs
        if hasOwn { sources[object.description.digest] = chunks }
    }

    private func source(of chunk: ChunkRecord, at position: Int, in object: PackObject) throws -> Source {
        let codec = CodecID(number: chunk.codec)
        guard codec == .reference else {
            return codec.needsBase ? object.description.base.map(Source.object) ?? .nothing : .nothing
        }
        let target = try BlockReference(streams: try pack.streams(of: chunk))
        guard target.object == object.description.digest else { return .object(target.object) }
        guard target.chunk < position else {
            throw DeltaicError(.malformedPack, "C-31: a chunk refers to itself or to a later one")
        }
        return .own(target.chunk)
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
        var depth = 0
        for need in needs {
            guard left > 0 else { throw Self.tooDeep(digest) }
            depth = max(depth, try self.depth(of: need, left: left - 1) + 1)
        }
        var ofChunks: [Int] = []
        for source in sources[digest] ?? [] {
            let ofChunk =
                switch source {
                case .nothing: 0
                case .object(let need): try self.depth(of: need, left: left - 1) + 1
                case .own(let chunk): ofChunks[chunk] + 1
                }
            ofChunks.append(ofChunk)
        }
        depth = max(depth, ofChunks.max() ?? 0)
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
