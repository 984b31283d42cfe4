public import DeltaicCore
public import Kernels

/// What the decoder knows of a chunk before it reads it.
public struct ChunkShape: Sendable, Equatable {
    /// The dtype of the elements; nil for bytes that are no tensor.
    public let type: ElementType?
    public let elementCount: Int
    /// The position of its first element in the tensor: what random masks and rows are counted from.
    public let firstElement: Int

    public init(type: ElementType?, elementCount: Int, firstElement: Int = 0) {
        self.type = type
        self.elementCount = elementCount
        self.firstElement = firstElement
    }

    public var width: Int { type?.width ?? 1 }
    public var byteCount: Int { elementCount * width }
    public var layout: WordLayout { WordLayout(width: width, mantissaBits: type?.mantissaBits) }
}

/// A chunk to be encoded.
public struct ChunkInput: Sendable {
    /// `shape.byteCount` bytes, in safetensors order.
    public let raw: [UInt8]
    public let shape: ChunkShape
    /// The elements of a row of the tensor, and the position in its row of the chunk's first element.
    public let rowLength: Int
    public let rowOffset: Int
    /// The leading words of the same chunk of the base, as many as tensor and base share; empty without a base.
    public let base: [UInt8]

    public init(raw: [UInt8], shape: ChunkShape, rowLength: Int = 0, rowOffset: Int = 0, base: [UInt8] = []) {
        self.raw = raw
        self.shape = shape
        self.rowLength = rowLength
        self.rowOffset = rowOffset
        self.base = base
    }
}

/// A chunk as it is stored.
public struct EncodedChunk: Sendable {
    public let codec: CodecID
    public let streams: [EncodedStream]

    public init(codec: CodecID, streams: [EncodedStream]) {
        self.codec = codec
        self.streams = streams
    }

    /// The bytes of the streams, without what the pack adds to describe them.
    public var storedBytes: Int { streams.reduce(0) { $0 + $1.bytes.count } }
}

/// How a chunk is turned into streams and back.
///
/// Decoding is deterministic: integers only, one thread, the same bytes on every machine.
public protocol TensorCodec: Sendable {
    /// The number that packs know the codec by.
    var id: CodecID { get }

    /// Encodes a chunk.
    ///
    /// - Throws: `.codecMisuse` if the chunk lacks what the codec needs (a base).
    func encode(_ chunk: ChunkInput, coder: some StreamCoder) throws(DeltaicError) -> [EncodedStream]

    /// Decodes a chunk to exactly `shape.byteCount` bytes.
    ///
    /// - Parameter base: the raw bytes of the same chunk of the base, possibly shorter or longer than this chunk.
    /// - Throws: `.malformedChunk` naming the rule of `Schema/pack/codec-payloads.md` that the streams break.
    func decode(
        _ streams: [EncodedStream], shape: ChunkShape, base: [UInt8]?, coder: some StreamCoder
    ) throws(DeltaicError) -> [UInt8]
}
