public import DeltaicCore

/// A registered version, without its files.
public struct VersionRecord: Hashable, Sendable {
    public let id: VersionID
    public let model: ModelName
    public let isBase: Bool
    /// 2 for v2.
    public let number: Int
    public let commit: GitObjectID
    public let tree: GitObjectID
    public let parentCommit: GitObjectID?
    /// The version that it is a delta of, with the model and the number of that version.
    public let baseVersion: VersionID?
    public let baseName: String?
    public let baseNumber: Int?
    /// False for a version that was made on a branch.
    public let isOnMain: Bool
    /// The name that the model had when the version was registered, and that its base's model had then, where they have others now.
    public let registeredAs: String?
    public let baseRegisteredAs: String?
    /// Whether files of it are stored as a client sent them, and are to be compressed.
    public let isPending: Bool
    public let task: String?
    public let message: String?
    public let metadata: [String: String]
    /// Sorted.
    public let tags: [String]
    /// Seconds since 1970.
    public let createdAt: Int
    /// The sum of the sizes of its files.
    public let rawBytes: Int
    /// The size of the pack that it wrote.
    public let storedBytes: Int
    public let tensorCount: Int
    public let fileCount: Int
    /// The codec of most of its weights, if it was registered with lossy codecs.
    public let lossyCodec: String?
    /// The newest evaluation's.
    public let score: Double?

    /// The version as a user writes it: `org/name@v2`.
    public var reference: String { "\(model)@v\(number)" }
}
