internal import Catalog
public import DeltaicCore

/// Where a model comes from, and what else was made of the same.
public struct ModelLineage: Sendable, Codable {
    /// The base of the newest version; nil if it has none, or one outside the namespace.
    public let base: VersionSummary?
    /// Other models on the same base, the newest first; of a base, those that are built on it.
    public let relatives: [ModelListing]
    /// How many of these there are.
    public let relativeCount: Int
}

extension ModelRegistry {
    /// The numbers of a model's versions that were made on a branch, and are not of `main`.
    public func numbersOnBranches(of model: ModelName) throws -> Set<Int> {
        Set(try catalog.versions(of: model).filter { !$0.isOnMain }.map(\.number))
    }

    /// Where a model comes from, and what else was made of the same.
    ///
    /// - Parameters:
    ///   - namespace: only its models are relatives, and nothing is told of a base outside it; nil for all.
    ///   - limit: the most relatives that are listed.
    /// - Throws: `.unknownModel`.
    public func lineage(of model: ModelName, namespace: String? = nil, limit: Int) throws -> ModelLineage {
        let newest = try catalog.version(VersionReference(model: model, selector: .latest))
        let base = try newest.baseVersion.flatMap { try catalog.version(id: $0) }
        let origin = base?.model ?? model
        var filter = ModelFilter(base: origin, namespace: namespace, order: ListOrder(.created, descending: true))
        filter.limit = limit + 1
        let relatives = try catalog.latestVersions(filter).filter { $0.latest.model != model }
        let count = try catalog.fineTuneCount(of: origin, namespace: namespace)
        // Of a base outside the namespace its name is known, from the versions, and nothing else.
        let isOpen = namespace == nil || base?.model.namespace == namespace
        return ModelLineage(
            base: isOpen ? base.map(VersionSummary.init) : nil,
            relatives: relatives.prefix(limit).map(ModelListing.init),
            relativeCount: max(relatives.count, base == nil ? count : count - 1))
    }
}
