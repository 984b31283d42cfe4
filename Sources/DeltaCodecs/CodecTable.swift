public import DeltaicCore

/// The codecs that this version knows, and the choice between them.
public enum CodecTable {
    /// The smallest encoding of a chunk among the codecs that fit it.
    ///
    /// - Returns: `exact` if there is a base and it is smaller, else `solo`.
    public static func encode(_ chunk: ChunkInput, coder: some StreamCoder) throws(DeltaicError) -> EncodedChunk {
        let solo = SoloCodec()
        guard min(chunk.base.count, chunk.raw.count) >= chunk.shape.width, chunk.shape.type != nil else {
            return EncodedChunk(codec: solo.id, streams: try solo.encode(chunk, coder: coder))
        }
        let exact = EncodedChunk(codec: .exact, streams: try ExactDeltaCodec().encode(chunk, coder: coder))
        // A delta is no small one for being under half the size: a pruned tensor takes less on its own, one of zeros nothing.
        let alone = EncodedChunk(codec: solo.id, streams: try solo.encode(chunk, coder: coder))
        return alone.storedBytes < exact.storedBytes ? alone : exact
    }

    /// Decodes a chunk of any codec but `reference`, which the reader of packs resolves.
    ///
    /// - Parameter shared: where lossy chunks find the bytes that they share with others.
    /// - Throws: `.unknownCodec` naming the number.
    public static func decode(
        _ chunk: EncodedChunk, shape: ChunkShape, base: [UInt8]?, shared: any SharedBytes = NoSharedBytes(),
        coder: some StreamCoder
    ) throws(DeltaicError) -> [UInt8] {
        switch chunk.codec {
        case .solo: return try SoloCodec().decode(chunk.streams, shape: shape, base: base, coder: coder)
        case .exact: return try ExactDeltaCodec().decode(chunk.streams, shape: shape, base: base, coder: coder)
        case .seededSign, .ultraDelta, .deltaDQ, .deltaCoMe, .bitDelta, .dare, .sparse24, .lowRank, .drop:
            return try LossyChunk.decode(chunk.streams, shape: shape, base: base ?? [], shared: shared, coder: coder)
        default:
            throw DeltaicError(
                .unknownCodec, "P-12: the chunk is encoded with \(chunk.codec), which this version does not know",
                advice: "use a newer deltaic")
        }
    }
}
