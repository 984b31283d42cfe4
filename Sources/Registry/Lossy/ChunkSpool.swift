internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import Synchronization

/// Encoded chunks on their way to a pack: what lossy tensors decode to has to be known before they can be named.
///
/// A temporary file; it goes with the value, and what a killed process leaves goes with the next registration.
final class ChunkSpool: Sendable {
    private let file: Mutex<DurableFile>

    /// - Parameter folder: where there is room for what the lossy tensors take.
    init(folder: String) throws(DeltaicError) {
        file = Mutex(try DurableFile(path: folder + "/spool"))
    }

    /// A chunk that was spooled.
    struct Entry: Sendable {
        let codec: CodecID
        let streams: [StreamRecord]
        let offset: Int
        /// The XXH3-64 of the raw bytes, and how many they are.
        let rawChecksum: UInt64
        let rawCount: Int

        /// The bytes of the streams.
        var storedBytes: Int { streams.reduce(0) { $0 + $1.storedLength } }
    }

    func append(_ chunk: EncodedChunk, raw: [UInt8]) throws(DeltaicError) -> Entry {
        let offset = try file.withLock { file throws(DeltaicError) in
            let offset = file.byteCount
            for stream in chunk.streams { try file.write(stream.bytes) }
            return offset
        }
        return Entry(
            codec: chunk.codec, streams: chunk.streams.map(StreamRecord.init), offset: offset,
            rawChecksum: FastHash.checksum(raw), rawCount: raw.count)
    }

    func chunk(_ entry: Entry) throws(DeltaicError) -> EncodedChunk {
        let bytes = try file.withLock { file throws(DeltaicError) in
            try file.read(entry.offset..<entry.offset + entry.storedBytes)
        }
        var start = 0
        let streams = entry.streams.map { stream in
            defer { start += stream.storedLength }
            return EncodedStream(
                encoding: stream.encoding, rawLength: stream.rawLength,
                bytes: Array(bytes[start..<start + stream.storedLength]))
        }
        return EncodedChunk(codec: entry.codec, streams: streams)
    }
}

/// An object whose chunks lie in a spool.
struct SpooledObject: Sendable {
    let spool: ChunkSpool
    let entries: [ChunkSpool.Entry]
    /// What the chunks are decoded against; nil for objects that are shared.
    let base: Digest?
    /// The objects with bytes that the chunks share.
    let shared: [Digest]
}
