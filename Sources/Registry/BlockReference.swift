internal import DeltaicCore
internal import PackFormat

/// The payload of a `reference` chunk: its bytes are those of a chunk of another object.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 3.
struct BlockReference: Hashable, Sendable {
    let object: Digest
    let chunk: Int

    init(object: Digest, chunk: Int) {
        self.object = object
        self.chunk = chunk
    }

    init(streams: [EncodedStream]) throws(DeltaicError) {
        guard streams.count == 1, streams[0].encoding == .stored else {
            throw DeltaicError(.malformedPack, "C-30: a reference is not one stored stream")
        }
        var reader = ByteReader(streams[0].bytes, place: "block reference")
        object = Digest(uncheckedBytes: try reader.take(Digest.byteCount, "object"))
        chunk = try reader.varint("chunk", limit: 1 << 40)
    }

    var streams: [EncodedStream] {
        var writer = ByteWriter()
        writer.append(object.bytes)
        writer.varint(chunk)
        return [EncodedStream(encoding: .stored, rawLength: writer.bytes.count, bytes: writer.bytes)]
    }
}
