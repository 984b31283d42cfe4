public import DeltaicCore

/// Where the raw bytes of one full chunk lie: a hint for finding equal blocks.
public struct BlockRecord: Hashable, Sendable {
    public let key: BlockKey
    public let object: Digest
    /// The ordinal of the chunk in the object.
    public let chunk: Int

    public init(key: BlockKey, object: Digest, chunk: Int) {
        self.key = key
        self.object = object
        self.chunk = chunk
    }
}
