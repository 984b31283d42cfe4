public import DeltaicCore

/// A version to be published, whose pack is already durable.
public struct NewVersion: Sendable {
    public var model: ModelName
    public var isBase: Bool
    /// Nil for the next one.
    public var number: Int?
    /// The version that it is a delta of.
    public var baseVersion: VersionID?
    public var task: String?
    public var message: String?
    public var metadata: [String: String]
    public var tags: [String]
    public var commit: GitObjectID
    public var tree: GitObjectID
    public var parentCommit: GitObjectID?
    /// Seconds since 1970.
    public var createdAt: Int
    public var pack: PackRecord
    /// The objects that the pack holds, and no others.
    public var objects: [ObjectRecord]
    public var blocks: [BlockRecord]
    /// The files, which may refer to objects that were stored before.
    public var files: [FileRecord]
    /// Nil unless it was registered with lossy codecs.
    public var recipe: RecipeRecord?
    /// The branch that the version is the newest of; nil for `main`.
    public var branch: String?
    /// Whether files of it are stored as a client sent them, and are to be compressed.
    public var isPending: Bool
    /// The only namespace that whoever pushed it may see; nil for all.
    public var pusherNamespace: String?
    /// Packs of one object each, durable, that become part of the registry with the version, and belong to none.
    public var adopted: [(pack: PackRecord, object: ObjectRecord)] = []
    /// The name in its manifest, where the model was given another one since.
    public var registeredAs: String?
    /// The version that this one takes the place of: the model's only one, which was made with the model.
    public var replacedFirst: VersionID?

    public init(
        model: ModelName, isBase: Bool, baseVersion: VersionID? = nil, task: String? = nil, message: String? = nil,
        metadata: [String: String] = [:], tags: [String] = [], commit: GitObjectID, tree: GitObjectID,
        parentCommit: GitObjectID? = nil, createdAt: Int, pack: PackRecord, objects: [ObjectRecord],
        blocks: [BlockRecord] = [], files: [FileRecord], recipe: RecipeRecord? = nil,
        branch: String? = nil, isPending: Bool = false, number: Int? = nil
    ) {
        self.model = model
        self.isBase = isBase
        self.baseVersion = baseVersion
        self.task = task
        self.message = message
        self.metadata = metadata
        self.tags = tags
        self.commit = commit
        self.tree = tree
        self.parentCommit = parentCommit
        self.createdAt = createdAt
        self.pack = pack
        self.objects = objects
        self.blocks = blocks
        self.files = files
        self.recipe = recipe
        self.branch = branch
        self.isPending = isPending
        self.number = number
    }
}
