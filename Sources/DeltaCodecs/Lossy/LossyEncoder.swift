public import DeltaicCore
internal import Kernels

/// Runs a codec over a tensor and hands on finished chunks, each decoded and measured.
public struct LossyEncoder: Sendable {
    private let coder: any StreamCoder

    public init(coder: any StreamCoder) {
        self.coder = coder
    }

    /// What is left to know when all chunks are made.
    public struct Result: Sendable {
        public let quality: DeltaQuality
        /// Bytes that the chunks refer to, by SHA-256, in the order in which they were made.
        public let shared: [(digest: Digest, bytes: [UInt8])]
    }

    /// Encodes the chunks of a tensor that the base has elements of, in order.
    ///
    /// - Parameter take: is given each chunk as it is stored, and the raw bytes that it decodes to.
    /// - Throws: what codec, source and `take` throw; `.notFinite` if a reconstructed weight overflows its dtype.
    public func run(
        _ codec: any LossyCodec, on tensor: any DeltaSource,
        take: (EncodedChunk, _ reconstructed: [UInt8]) throws(DeltaicError) -> Void
    ) throws(DeltaicError) -> Result {
        let tensor = RecentChunkSource(tensor)
        return try withoutActuallyEscaping(take) { take throws(DeltaicError) -> Result in
            let assembler = ChunkAssembler(codec: codec.id, tensor: tensor, coder: coder, take: take)
            try codec.encode(tensor, coder: coder, sink: assembler)
            guard assembler.position == tensor.chunkCount else {
                throw DeltaicError(
                    .codecMisuse, "\(codec.id) did not encode all chunks", at: [tensor.name],
                    expected: "\(tensor.chunkCount)", found: "\(assembler.position)")
            }
            return Result(quality: assembler.quality, shared: assembler.shared)
        }
    }
}

/// Makes chunks of terms, and proves each by decoding it.
private final class ChunkAssembler: TermSink {
    typealias Take = (EncodedChunk, [UInt8]) throws(DeltaicError) -> Void

    private let codec: CodecID
    private let tensor: any DeltaSource
    private let coder: any StreamCoder
    private let take: Take
    private(set) var position = 0
    private(set) var quality = DeltaQuality()
    private(set) var shared: [(digest: Digest, bytes: [UInt8])] = []

    init(codec: CodecID, tensor: any DeltaSource, coder: any StreamCoder, take: @escaping Take) {
        self.codec = codec
        self.tensor = tensor
        self.coder = coder
        self.take = take
    }

    func share(_ bytes: [UInt8]) throws(DeltaicError) -> Digest {
        let digest = try SharedTable.digest(of: bytes)
        if !shared.contains(where: { $0.digest == digest }) { shared.append((digest, bytes)) }
        return digest
    }

    func append(_ terms: [LossyTerm]) throws(DeltaicError) {
        let chunk = try tensor.chunk(position)
        let tail = try tensor.tail(ofChunk: position)
        let streams = try LossyChunk.encode(
            terms, columns: tensor.columns, common: chunk.delta.count, tail: tail, type: tensor.type, coder: coder)
        let shape = ChunkShape(
            type: tensor.type, elementCount: chunk.delta.count + tail.count / tensor.type.width,
            firstElement: tensor.elementRange(ofChunk: position).lowerBound)
        let raw = try LossyChunk.decode(
            streams, shape: shape, base: chunk.baseWords, shared: SharedTable(bytes: shared), coder: coder)
        quality.add(chunk, reconstructed: raw, format: tensor.format)
        guard quality.errorSquares.isFinite else {
            throw DeltaicError(
                .notFinite, "a reconstructed weight overflows \(tensor.type.rawValue)", at: [tensor.name],
                advice: "name another codec, or `exact`, for this tensor in a recipe")
        }
        try take(EncodedChunk(codec: codec, streams: streams), raw)
        position += 1
    }
}

/// The shared bytes of a tensor that is being encoded.
struct SharedTable: SharedBytes {
    let bytes: [(digest: Digest, bytes: [UInt8])]

    static func digest(of bytes: [UInt8]) throws(DeltaicError) -> Digest {
        var hash = try StreamingHash(.sha256)
        hash.update(bytes)
        return Digest(uncheckedBytes: hash.finish())
    }

    func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
        for entry in bytes where entry.digest == digest { return entry.bytes }
        return try NoSharedBytes().sharedBytes(digest)
    }
}
