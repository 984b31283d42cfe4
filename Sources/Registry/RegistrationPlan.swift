internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// One object that has to be stored.
struct PlannedObject: Sendable {
    let source: HashedPiece
    let description: ObjectDescription
    /// The leading elements that the base tensor shares.
    let commonElements: Int
    /// Chunks whose bytes are probably stored already: to be compared, then referred to.
    let blockCandidates: [Int: BlockReference]
    /// How many objects must be decoded before this one.
    let depth: Int
}

/// What is new in a model, and what it is to be stored against.
struct RegistrationPlan: Sendable {
    let objects: [PlannedObject]
    /// New objects by digest: the source of blocks that repeat within the model.
    let sources: [Digest: HashedPiece]

    /// The deepest chain of objects that is written: a base, its delta, and blocks that refer to that.
    static let depthLimit = 3

    /// - Parameters:
    ///   - relatives: versions whose tensors may be closer than the base's, the closest first.
    ///   - known: objects that the same pack holds already.
    ///   - rewritten: objects that are stored already, and to be stored anew.
    init(
        pieces: [HashedPiece], base: VersionRecord?, relatives: [VersionRecord] = [], catalog: CatalogDatabase,
        known: Set<Digest> = [], rewritten: Set<Digest> = []
    ) throws {
        var seen = known.union(try catalog.objects(Array(Set(pieces.map(\.digest)))).keys).subtracting(rewritten)
        let new = pieces.filter { seen.insert($0.digest).inserted }
        let partners = try (relatives + [base].compactMap(\.self)).map {
            PartnerSelection(baseTensors: try catalog.tensorsByName(of: $0.id))
        }
        var chosen: [TensorRecord?] = Array(repeating: nil, count: new.count)
        for selection in partners {
            for (position, source) in new.enumerated() where chosen[position] == nil {
                guard let partner = Self.partner(of: source, among: selection), partner.object != source.digest,
                    let stored = try catalog.object(partner.object), stored.depth + 1 < Self.depthLimit
                else { continue }
                chosen[position] = partner
            }
        }
        let spooledBases = new.compactMap { $0.spooled?.base }
        let baseObjects = try catalog.objects(Array(Set(chosen.compactMap { $0?.object } + spooledBases)))

        let keys = new.filter { $0.blockKeys.count > 1 }.flatMap(\.blockKeys)
        var blocks = try catalog.blocks(withKey: keys).mapValues { BlockReference(object: $0.object, chunk: $0.chunk) }
        let blockObjects = try catalog.objects(Array(Set(blocks.values.map(\.object))))
        blocks = blocks.filter { entry in
            // What is stored anew must not refer to where it was.
            !rewritten.contains(entry.value.object) && blockObjects[entry.value.object]?.depth ?? .max < Self.depthLimit
        }

        var planned: [PlannedObject] = []
        var depths: [Digest: Int] = [:]
        for (source, partner) in zip(new, chosen) {
            let base = (source.spooled?.base ?? partner?.object).flatMap { baseObjects[$0] }
            let usable = base.flatMap { $0.depth + 1 < Self.depthLimit ? $0 : nil }
            let ownDepth = usable.map { $0.depth + 1 } ?? 0
            var depth = ownDepth
            var candidates: [Int: BlockReference] = [:]
            for (position, key) in source.blockKeys.enumerated() where source.blockKeys.count > 1 {
                guard let block = blocks[key] else {
                    blocks[key] = BlockReference(object: source.digest, chunk: position)
                    continue
                }
                let blockDepth =
                    block.object == source.digest
                    ? ownDepth : blockObjects[block.object]?.depth ?? depths[block.object] ?? Self.depthLimit
                guard blockDepth < Self.depthLimit else { continue }
                candidates[position] = block
                depth = max(depth, blockDepth + 1)
            }
            depths[source.digest] = depth
            let shape = source.piece.shape
            let common = usable == nil ? 0 : partner.flatMap { shape?.commonElements(with: $0.shape) } ?? 0
            planned.append(
                PlannedObject(
                    source: source,
                    description: ObjectDescription(
                        digest: source.digest, type: source.piece.type, elementCount: source.piece.elementCount,
                        base: usable?.digest),
                    commonElements: common, blockCandidates: candidates, depth: depth))
        }
        objects = planned
        sources = Dictionary(new.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func partner(of source: HashedPiece, among partners: PartnerSelection) -> TensorRecord? {
        guard case .delta = source.storage, let type = source.piece.type, let shape = source.piece.shape else {
            return nil
        }
        return partners.partner(name: source.piece.name, type: type, shape: shape)
    }
}

extension HashedPiece {
    /// Where the object's chunks are spooled, if they are.
    var spooled: SpooledObject? {
        if case .spooled(let object) = storage { object } else { nil }
    }
}
