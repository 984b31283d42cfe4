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

/// A page of a listing.
public struct ModelPage: Sendable {
    public let models: [ModelListing]
    /// Where the next page begins; nil if this is the last one.
    public let next: ListCursor?
}

/// Which models are listed, and in what order; what is nil does not matter.
public struct ListFilter: Sendable {
    public var base: ModelName?
    public var task: String?
    public var tag: String?
    public var isBase: Bool?
    public var namespace: String?
    /// A part of the name, in any letter case.
    public var search: String?
    public var order: ListOrder
    /// Where the page before ended.
    public var after: ListCursor?
    /// The most models on a page.
    public var limit: Int?

    public init(
        base: ModelName? = nil, task: String? = nil, tag: String? = nil, isBase: Bool? = nil, namespace: String? = nil,
        search: String? = nil, order: ListOrder = ListOrder(.name), after: ListCursor? = nil, limit: Int? = nil
    ) {
        self.base = base
        self.task = task
        self.tag = tag
        self.isBase = isBase
        self.namespace = namespace
        self.search = search
        self.order = order
        self.after = after
        self.limit = limit
    }
}

extension ModelRegistry {
    /// The models and bases that the filter lets through, in its order.
    /// - Throws: as ``page(_:)``.
    public func list(_ filter: ListFilter = ListFilter()) throws -> [ModelListing] {
        try summaries(filter, limit: filter.limit).map(ModelListing.init)
    }

    /// One page of the models and bases that the filter lets through, and where the next one begins.
    ///
    /// - Throws: `.unknownModel` if there is no such base, `.badCursor` if the cursor is of another order.
    public func page(_ filter: ListFilter) throws -> ModelPage {
        guard let limit = filter.limit, limit < Int.max else { return ModelPage(models: try list(filter), next: nil) }
        let found = try summaries(filter, limit: limit + 1)
        let shown = found.prefix(max(0, limit))
        return ModelPage(
            models: shown.map(ModelListing.init),
            next: found.count > shown.count ? shown.last?.cursor(in: filter.order) : nil)
    }

    /// One model, with its newest version.
    /// - Throws: `.unknownModel`.
    public func listing(of model: ModelName) throws -> ModelListing {
        var filter = ModelFilter(limit: 1)
        filter.name = model
        guard let found = try catalog.latestVersions(filter).first else {
            // Says what there is.
            _ = try catalog.version(VersionReference(model: model, selector: .latest))
            throw DeltaicError(.inputChanged, "the model was registered a moment ago; try again", at: ["\(model)"])
        }
        return ModelListing(found)
    }

    /// The name of the model that is meant by a name in perhaps another letter case; nil if there is none, or it is not
    /// clear which.
    public func canonicalName(_ name: ModelName) throws -> ModelName? {
        try catalog.canonicalName(name)
    }

    private func summaries(_ filter: ListFilter, limit: Int?) throws -> [ModelSummary] {
        // A base that does not exist is a mistake, not a filter that fits nothing.
        if let base = filter.base { _ = try catalog.version(VersionReference(model: base, selector: .latest)) }
        return try catalog.latestVersions(
            ModelFilter(
                base: filter.base, task: filter.task, tag: filter.tag, isBase: filter.isBase,
                namespace: filter.namespace, search: filter.search, order: filter.order, after: filter.after,
                limit: limit))
    }
}

extension ModelListing {
    init(_ model: ModelSummary) {
        self.init(
            latest: VersionSummary(model.latest), versionCount: model.versionCount, rawBytes: model.rawBytes,
            storedBytes: model.storedBytes)
    }
}
