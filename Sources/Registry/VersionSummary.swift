internal import Catalog
public import DeltaicCore

/// A version as results and listings show it.
public struct VersionSummary: Sendable, Codable {
    public let model: String
    public let isBase: Bool
    public let number: Int
    public let commit: GitObjectID
    /// The base version, as `name@v1`; nil for bases and models without one.
    public let base: String?
    public let task: String?
    public let message: String?
    public let metadata: [String: String]
    public let tags: [String]
    /// Seconds since 1970.
    public let createdAt: Int
    /// The sum of the sizes of its files.
    public let rawBytes: Int
    /// The bytes of the pack that it wrote; what it shares with other versions is counted with them.
    public let storedBytes: Int
    public let tensorCount: Int
    public let fileCount: Int
    /// The codec of most of its weights, if it was registered with lossy codecs; nil if every bit is kept.
    public let lossyCodec: String?
    /// What its newest evaluation said.
    public let score: Double?
    /// Whether files of it are stored as a client sent them, and are to be compressed.
    public let isPending: Bool

    /// What names it: `name@v1`.
    public var reference: String { "\(model)@v\(number)" }

    init(_ record: VersionRecord) {
        model = record.model.description
        isBase = record.isBase
        number = record.number
        commit = record.commit
        base = record.baseName.flatMap { name in record.baseNumber.map { "\(name)@v\($0)" } }
        task = record.task
        message = record.message
        metadata = record.metadata
        tags = record.tags
        createdAt = record.createdAt
        rawBytes = record.rawBytes
        storedBytes = record.storedBytes
        tensorCount = record.tensorCount
        fileCount = record.fileCount
        lossyCodec = record.lossyCodec
        score = record.score
        isPending = record.isPending
    }
}
