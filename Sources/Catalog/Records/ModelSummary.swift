public import DeltaicCore

/// A model as a listing shows it.
public struct ModelSummary: Hashable, Sendable {
    /// The newest version that the filter lets through.
    public let latest: VersionRecord
    /// Counts every version of the model, whatever the filter.
    public let versionCount: Int
    /// Of every version of the model, whatever the filter.
    public let rawBytes: Int
    /// Of every version of the model, whatever the filter.
    public let storedBytes: Int
    /// Of the newest version of the model, whatever the filter: seconds since 1970.
    public let newestAt: Int

    /// The place of the model in a listing.
    public func cursor(in order: ListOrder) -> ListCursor {
        let figure =
            switch order.key {
            case .name: 0
            case .created: newestAt
            case .registered: rawBytes
            case .stored: storedBytes
            }
        return ListCursor(order: order, figure: figure, name: latest.model)
    }
}

/// Which models a listing is about; what is nil does not matter.
public struct ModelFilter: Hashable, Sendable {
    /// Only versions that are deltas of a version of this model.
    public var base: ModelName?
    public var task: String?
    public var tag: String?
    public var isBase: Bool?
    /// Only names of the form `namespace/name`.
    public var namespace: String?
    /// Only the model of this name.
    public var name: ModelName?
    /// Only names that contain this text, in any letter case.
    public var search: String?
    public var order: ListOrder
    /// Only models that come after the one at the cursor: the last of the page before.
    public var after: ListCursor?
    /// At most so many models.
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
