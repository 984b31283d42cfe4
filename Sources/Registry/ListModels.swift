internal import Catalog
public import DeltaicCore

/// A model as `list` shows it.
public struct ModelListing: Sendable, Codable {
    public let latest: VersionSummary
    public let versionCount: Int
    /// Over all versions.
    public let rawBytes: Int
    public let storedBytes: Int
}

/// Which models are listed; what is nil does not matter.
public struct ListFilter: Sendable {
    public var base: ModelName?
    public var task: String?
    public var tag: String?
    public var isBase: Bool?
    public var namespace: String?

    public init(
        base: ModelName? = nil, task: String? = nil, tag: String? = nil, isBase: Bool? = nil, namespace: String? = nil
    ) {
        self.base = base
        self.task = task
        self.tag = tag
        self.isBase = isBase
        self.namespace = namespace
    }
}

extension ModelRegistry {
    /// The models and bases that the filter lets through, by name.
    public func list(_ filter: ListFilter = ListFilter()) throws -> [ModelListing] {
        // A base that does not exist is a mistake, not a filter that fits nothing.
        if let base = filter.base { _ = try catalog.version(VersionReference(model: base, selector: .latest)) }
        let models = try catalog.latestVersions(
            ModelFilter(
                base: filter.base, task: filter.task, tag: filter.tag, isBase: filter.isBase,
                namespace: filter.namespace))
        return models.map { model in
            ModelListing(
                latest: VersionSummary(model.latest), versionCount: model.versionCount, rawBytes: model.rawBytes,
                storedBytes: model.storedBytes)
        }
    }
}
