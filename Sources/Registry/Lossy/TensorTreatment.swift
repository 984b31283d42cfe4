internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// What a recipe makes of the tensors of a model.
struct TensorTreatments: Sendable {
    /// A tensor that is stored lossily.
    struct Lossy: Sendable {
        /// Which tensor of which file.
        let file: Int
        let position: Int
        let tensorClass: TensorClass
        let codec: CodecID
        let settings: CodecSettings
        let delta: PieceDelta
    }

    private(set) var lossy: [Lossy] = []
    /// Tensors that the recipe wants stored without the base, by file and position.
    private(set) var alone: Set<[Int]> = []
    /// Tensors that a lossy codec was meant for and that are kept exactly, with the reason.
    private(set) var keptExactly: [(name: String, reason: String)] = []
    /// The entries of the file of second moments that no tensor uses.
    private(set) var unusedMoments: [String] = []
    private static let smallShare = 0.1
    /// Tensors of fewer weights are small.
    private static let fewWeights = 8192

    init(
        files: [HashedFile], request: LossyRequest, base: VersionRecord?, catalog: CatalogDatabase,
        objects: ObjectReader
    ) throws {
        try request.recipe.check()
        if let path = request.momentsPath { try MomentReaders.check(request.recipe, path: path) }
        let moments = try request.momentsPath.map { try SecondMoments(path: $0) }
        let partners = PartnerSelection(baseTensors: try base.map { try catalog.tensorsByName(of: $0.id) } ?? [:])
        for (fileIndex, file) in files.enumerated() {
            for (position, source) in (file.tensors ?? []).enumerated() {
                guard let type = source.piece.type, let shape = source.piece.shape else { continue }
                let name = source.piece.name
                let tensorClass = TensorClass(name: name, type: type, shape: shape)
                switch try request.recipe.treatment(name: name, tensorClass: tensorClass) {
                case .exact: continue
                case .full: alone.insert([fileIndex, position])
                case .lossy(let codec, let settings):
                    guard shape.elementCount > 0 else { continue }
                    guard type.floatFormat != nil else {
                        keptExactly.append((name, "lossy codecs take F32, F16 and BF16 only"))
                        continue
                    }
                    guard let partner = partners.partner(name: name, type: type, shape: shape) else {
                        keptExactly.append((name, "the base has no tensor of this name, dtype and row length"))
                        continue
                    }
                    if let reason = try Self.obstacle(to: type, from: partner, catalog: catalog, objects: objects) {
                        keptExactly.append((name, reason))
                        continue
                    }
                    guard !request.sparesSmallTensors || codec == .drop || shape.elementCount >= Self.fewWeights else {
                        keptExactly.append(
                            (name, "fewer than \(Self.fewWeights) weights; a recipe can name a codec for it"))
                        continue
                    }
                    guard
                        let delta = PieceDelta(
                            source: source, base: partner, objects: objects, moments: moments, seed: request.seed)
                    else {
                        keptExactly.append((name, "the base's tensor shares no rows with it"))
                        continue
                    }
                    lossy.append(
                        Lossy(
                            file: fileIndex, position: position, tensorClass: tensorClass, codec: codec,
                            settings: settings, delta: delta))
                }
            }
        }
        if request.sparesSmallEmbeddings {
            let all = lossy.reduce(0) { $0 + $1.delta.elementCount }
            let embeddings = lossy.filter { $0.tensorClass == .embedding }.reduce(0) { $0 + $1.delta.elementCount }
            if Double(embeddings) < Self.smallShare * Double(all) {
                keptExactly += lossy.filter { $0.tensorClass == .embedding }.map {
                    ($0.delta.name, "embeddings are a small part of this model; `--embeddings lossy` compresses them")
                }
                lossy.removeAll { $0.tensorClass == .embedding }
            }
        }
        let readers =
            moments == nil ? [] : try lossy.filter { try MomentReaders.contains($0.codec, settings: $0.settings) }
        unusedMoments =
            try moments?.unused(
                by: readers.map { ($0.delta.name, $0.delta.columns) }, codecs: Set(lossy.map(\.codec))) ?? []
    }

    /// Why nothing can be stored against a tensor of the base, although name, dtype and shape would allow it; nil if it can.
    private static func obstacle(
        to type: ElementType, from partner: TensorRecord, catalog: CatalogDatabase, objects: ObjectReader
    ) throws -> String? {
        // Bytes are stored once, under the dtype with which they came first: zeros of F16 may be those of a BF16 tensor.
        let stored = try objects.object(of: partner).description
        guard stored.type == type else {
            return "the bytes of the base's tensor are stored as those of another tensor, of dtype "
                + "\(stored.type?.rawValue ?? "none"), not \(type.rawValue)"
        }
        guard let depth = try catalog.objects([partner.object])[partner.object]?.depth,
            depth + 1 < RegistrationPlan.depthLimit
        else { return "the base's tensor is itself stored as a difference from another's" }
        return nil
    }
}
