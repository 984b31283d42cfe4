public import DeltaicCore

/// One stored content: a tensor, a raw file or a safetensors header.
public struct ObjectRecord: Hashable, Sendable {
    /// The SHA-256 of the raw bytes.
    public let digest: Digest
    /// The number of raw bytes.
    public let length: Int
    /// The pack that holds it.
    public let pack: Digest
    /// Its ordinal in the pack's index.
    public let position: Int
    public let codec: String
    /// The bytes that it takes in the pack.
    public let storedBytes: Int
    /// The object that it is a delta of.
    public let base: Digest?
    /// How many objects must be decoded one after the other before it; 0 needs no other.
    public let depth: Int
    /// All objects that it cannot be decoded without, ``base`` among them.
    public let dependencies: [Digest]

    public init(
        digest: Digest, length: Int, pack: Digest, position: Int, codec: String, storedBytes: Int, base: Digest? = nil,
        depth: Int = 0, dependencies: [Digest] = []
    ) {
        self.digest = digest
        self.length = length
        self.pack = pack
        self.position = position
        self.codec = codec
        self.storedBytes = storedBytes
        self.base = base
        self.depth = depth
        self.dependencies = dependencies
    }
}
