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
    /// Only names that come after this one: the last of the page before.
    public var after: ModelName?
    /// At most so many models.
    public var limit: Int?

    public init(
        base: ModelName? = nil, task: String? = nil, tag: String? = nil, isBase: Bool? = nil, namespace: String? = nil,
        after: ModelName? = nil, limit: Int? = nil
    ) {
        self.base = base
        self.task = task
        self.tag = tag
        self.isBase = isBase
        self.namespace = namespace
        self.after = after
        self.limit = limit
    }
}
