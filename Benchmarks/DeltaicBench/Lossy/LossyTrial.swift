import DeltaCodecs
import DeltaicCore
import PackFormat

/// A tensor that a codec encoded.
struct LossyTrial: Sendable {
    /// The bytes of all streams, and of what chunks share.
    let streamBytes: Int
    let chunks: [EncodedChunk]
    /// XXH3 of what each chunk decodes to.
    let checksums: [UInt64]
    let shared: [(digest: Digest, bytes: [UInt8])]

    /// What the pack keeps of a chunk beside its streams: its record in the index, with room.
    static let recordBytes = 100

    /// Plans and encodes, each chunk proved by decoding it.
    init(_ method: any LossyMethod, _ delta: SyntheticDelta) throws(DeltaicError) {
        let tensor = try delta.tensor()
        let plans = try method.plan([tensor], goal: .settings)
        var chunks: [EncodedChunk] = []
        var checksums: [UInt64] = []
        let result = try LossyEncoder(coder: ZstdStream()).run(plans[0].codec, on: tensor) {
            chunk, reconstructed throws(DeltaicError) in
            chunks.append(chunk)
            checksums.append(FastHash.checksum(reconstructed))
        }
        self.chunks = chunks
        self.checksums = checksums
        shared = result.shared
        streamBytes = chunks.reduce(0) { $0 + $1.storedBytes } + result.shared.reduce(0) { $0 + $1.bytes.count }
    }

    /// The bits that streams, or streams and records, take for a weight.
    func bits(of weights: Int, withRecords: Bool) -> Double {
        let records = withRecords ? Self.recordBytes * (chunks.count + shared.count) : 0
        return 8 * Double(streamBytes + records) / Double(weights)
    }
}
