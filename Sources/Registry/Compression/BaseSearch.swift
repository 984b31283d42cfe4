internal import Catalog
internal import DeltaicCore

/// Finds what a pushed version is stored against: the base that its card names, that a rule names, or that its weights are close to,
/// and earlier versions of the same model.
struct BaseSearch {
    struct Finding {
        /// The version that it is a delta of.
        var base: VersionRecord?
        /// Others whose tensors are closer, the closest first.
        var relatives: [VersionRecord] = []
        /// Whether the model is stored in full, and others may be deltas of it.
        var isBase: Bool
    }

    /// A delta that saves less than this over the model alone is no sign of kinship.
    static let leastGain = 0.97
    /// Bases of the same architecture that are tried, the newest first.
    private static let candidateLimit = 8
    /// The share of the bytes that must have a partner of the same name, dtype and shape.
    static let leastShare = 0.5

    let registry: ModelRegistry
    let rules: BaseRules
    let version: VersionRecord
    let card: ModelCard?
    /// The only namespace that whoever pushed it may see; nil for all.
    let namespace: String?
    /// Whether the version is a PEFT adapter, whose tensors are not its base's.
    let isAdapter: Bool

    /// - Parameter tensors: those that are to be stored.
    func run(_ tensors: [HashedPiece]) throws -> Finding {
        guard !tensors.isEmpty else {
            // What there is of weights is compressed already.
            return Finding(
                base: try version.baseVersion.flatMap { try registry.catalog.version(id: $0) }, isBase: version.isBase)
        }
        let earlier = try self.earlier()
        let trial = try SampleTrial(tensors: tensors, catalog: registry.catalog, objects: registry.objects)
        let named =
            try namedBase() ?? ruledBase()
            ?? earlier.lazy.compactMap(\.baseVersion).first.flatMap {
                try registry.catalog.version(id: $0)
            }
        if let named, named.model != version.model, try isAdapter || share(of: tensors, in: named) > 0 {
            let dependants = version.isBase ? try registry.catalog.hasDependants(version.model) : false
            return Finding(
                base: dependants ? nil : named,
                relatives: try ordered(
                    earlier + (dependants ? [named] : []), trial, below: try trial.size(against: named)),
                isBase: dependants)
        }
        if !version.isBase, earlier.isEmpty, let found = try similar(to: tensors, trial) {
            return Finding(base: found, isBase: false)
        }
        let isFull = version.isBase || earlier.isEmpty
        return Finding(relatives: try ordered(earlier, trial, below: .max), isBase: isFull)
    }

    /// The versions of the same model that have weights and are compressed, the parent first, then the oldest.
    private func earlier() throws -> [VersionRecord] {
        let versions = try registry.catalog.history(of: version.model).versions.filter {
            $0.number < version.number && $0.tensorCount > 0 && !$0.isPending
        }
        let parent = versions.first { $0.commit == version.parentCommit } ?? versions.first
        let oldest = versions.last
        return [parent, oldest].compactMap(\.self).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func ordered(
        _ versions: [VersionRecord], _ trial: SampleTrial, below limit: Int
    ) throws -> [VersionRecord] {
        try versions.map { ($0, try trial.size(against: $0)) }.filter { $0.1 < limit }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    // MARK: - Named bases

    private func namedBase() throws -> VersionRecord? {
        for name in card?.baseModels ?? [] {
            if let found = try base(called: name) { return found }
        }
        return nil
    }

    private func ruledBase() throws -> VersionRecord? {
        guard let name = rules.base(of: version.model, task: version.task) else { return nil }
        guard let base = try registry.catalog.newestVersion(of: name), base.isBase else {
            throw DeltaicError(
                .notABase, "a rule of the server names a base that is not there", at: ["\(name)"],
                advice: "add it with `deltaic base add`, or change the rule")
        }
        return base
    }

    /// The base that a card means: by its whole name, else the only one whose last part it is.
    private func base(called text: String) throws -> VersionRecord? {
        guard let name = try? ModelName(text) else { return nil }
        if let known = try registry.catalog.canonicalName(name), isOpen(known), let found = try base(of: known) {
            return found
        }
        let alike = try registry.catalog.latestVersions(ModelFilter(isBase: true)).map(\.latest).filter {
            $0.model.name.lowercased() == name.name.lowercased() && isOpen($0.model)
        }
        return alike.count == 1 ? alike[0] : nil
    }

    /// The newest version of a base; of a fine-tune, its base.
    private func base(of model: ModelName) throws -> VersionRecord? {
        guard model != version.model, let newest = try registry.catalog.newestVersion(of: model) else { return nil }
        if newest.isBase { return newest.isPending ? nil : newest }
        let base = try newest.baseVersion.flatMap { try registry.catalog.version(id: $0) }
        return base.flatMap { isOpen($0.model) ? $0 : nil }
    }

    /// Whether whoever pushed the version may learn of a model, and keep it from being removed.
    private func isOpen(_ model: ModelName) -> Bool {
        namespace == nil || model.namespace == nil || model.namespace == namespace
    }

    // MARK: - Bases of the same architecture

    private func similar(to tensors: [HashedPiece], _ trial: SampleTrial) throws -> VersionRecord? {
        let bases = try registry.catalog.latestVersions(
            ModelFilter(isBase: true, order: ListOrder(.created, descending: true))
        ).map(\.latest).filter { $0.model != version.model && !$0.isPending && $0.tensorCount > 0 && isOpen($0.model) }
        let alike = try bases.lazy.filter { try share(of: tensors, in: $0) >= Self.leastShare }
            .prefix(Self.candidateLimit)
        let alone = try trial.sizeAlone()
        let best = try alike.map { ($0, try trial.size(against: $0)) }.min { $0.1 < $1.1 }
        guard let best, Double(best.1) < Double(alone) * Self.leastGain else { return nil }
        return best.0
    }

    private func share(of tensors: [HashedPiece], in base: VersionRecord) throws -> Double {
        let records = tensors.compactMap { tensor -> TensorRecord? in
            guard let type = tensor.piece.type, let shape = tensor.piece.shape else { return nil }
            return TensorRecord(name: tensor.piece.name, type: type, shape: shape, object: tensor.digest)
        }
        return try registry.catalog.share(of: records, in: base)
    }
}

extension CatalogDatabase {
    /// The share of the bytes of tensors that have a partner in a version.
    func share(of tensors: [TensorRecord], in base: VersionRecord) throws -> Double {
        let partners = PartnerSelection(baseTensors: try tensorsByName(of: base.id))
        let fitting = tensors.filter { partners.partner(name: $0.name, type: $0.type, shape: $0.shape) != nil }
        let all = tensors.reduce(0) { $0 + $1.byteCount }
        return all == 0 ? 0 : Double(fitting.reduce(0) { $0 + $1.byteCount }) / Double(all)
    }
}
