public import DeltaicCore

/// What an object is, apart from its chunks.
public struct ObjectDescription: Sendable, Equatable {
    /// SHA-256 of the raw bytes.
    public let digest: Digest
    /// The dtype of a tensor; nil for bytes that are no tensor.
    public let type: ElementType?
    /// Elements of a tensor, bytes of anything else.
    public let elementCount: Int
    /// The object that exact chunks are differences from.
    public let base: Digest?

    public init(digest: Digest, type: ElementType?, elementCount: Int, base: Digest?) {
        self.digest = digest
        self.type = type
        self.elementCount = elementCount
        self.base = base
    }

    public var grid: ChunkGrid { ChunkGrid(elementCount: elementCount, width: type?.width ?? 1) }
    public var byteCount: Int { elementCount * (type?.width ?? 1) }
}

/// One stream of a chunk, as the index describes it.
public struct StreamRecord: Sendable, Equatable {
    public let encoding: EncodedStream.Encoding
    public let storedLength: Int
    public let rawLength: Int
}

/// One chunk of an object, as the index describes it.
public struct ChunkRecord: Sendable, Equatable {
    public let codec: UInt8
    /// XXH3-64 of the stored streams.
    public let payloadChecksum: UInt64
    /// XXH3-64 of the raw bytes.
    public let rawChecksum: UInt64
    public let streams: [StreamRecord]
    /// The offset of the record in the pack.
    public let offset: Int
    public let headerLength: Int

    public var payloadLength: Int { streams.reduce(0) { $0 + $1.storedLength } }
    /// All bytes that the chunk takes in the pack, without its share of the index.
    public var storedBytes: Int { headerLength + payloadLength }
}

/// An object with its chunks.
public struct PackObject: Sendable, Equatable {
    public let description: ObjectDescription
    public let chunks: [ChunkRecord]

    public var storedBytes: Int { chunks.reduce(0) { $0 + $1.storedBytes } }
}
