public import DeltaicCore

/// Writes one pack, front to back.
///
/// Nothing appears under a final name before ``finish()``, and a writer that is dropped leaves no file. One owner at a time.
public final class PackWriter {
    private let file: DurableFile
    private let directory: String
    private let coder = ZstdStream()
    private var objects: [PackObject] = []
    private var current: (description: ObjectDescription, chunks: [ChunkRecord])?
    private var manifest: (offset: Int, digest: Digest)?

    /// Opens a temporary file in `directory`, which must exist.
    public init(directory: String) throws(DeltaicError) {
        self.directory = directory
        file = try DurableFile(path: directory + "/new")
        var header = ByteWriter()
        header.append(PackLayout.magic)
        header.integer(PackLayout.version)
        header.append(repeatElement(0, count: 14))
        header.integer(FastHash.checksum(header.bytes))
        try file.write(header.bytes)
    }

    /// The bytes written so far.
    public var byteCount: Int { file.byteCount }
    /// The objects that are complete, in the order of the pack.
    public var finishedObjects: [PackObject] { objects }

    /// Begins an object; its chunks follow, then ``endObject()``.
    public func beginObject(_ description: ObjectDescription) throws(DeltaicError) {
        guard current == nil else { throw .pack("P-10", "the object before is not complete") }
        current = (description, [])
    }

    /// Appends the next chunk of the object that was begun.
    public func append(codec: UInt8, streams: [EncodedStream], rawChecksum: UInt64) throws(DeltaicError) {
        guard var object = current else { throw .pack("P-10", "a chunk outside of an object") }
        let position = object.chunks.count
        guard streams.count <= PackLayout.streamLimit else { throw .pack("P-15", "too many streams") }
        guard position < object.description.grid.chunkCount else { throw .pack("P-23", "too many chunks") }
        var payload: [UInt8] = []
        payload.reserveCapacity(streams.reduce(0) { $0 + $1.bytes.count })
        for stream in streams { payload.append(contentsOf: stream.bytes) }
        let unplaced = ChunkRecord(
            codec: codec, payloadChecksum: FastHash.checksum(payload), rawChecksum: rawChecksum,
            streams: streams.map(StreamRecord.init), offset: file.byteCount, headerLength: 0)
        var fields = ByteWriter()
        fields.varint(objects.count)
        fields.varint(position)
        fields.varint(object.description.grid.elements(of: position).count)
        fields.append(unplaced)
        let header = ByteWriter.recordHeader(
            kind: PackLayout.chunkKind, payloadLength: payload.count, fields: fields.bytes)
        object.chunks.append(
            ChunkRecord(
                codec: codec, payloadChecksum: unplaced.payloadChecksum, rawChecksum: rawChecksum,
                streams: unplaced.streams, offset: file.byteCount, headerLength: header.count))
        try file.write(header)
        try file.write(payload)
        current = object
    }

    /// Completes the object that was begun.
    public func endObject() throws(DeltaicError) {
        guard let object = current else { throw .pack("P-10", "no object to end") }
        guard object.chunks.count == object.description.grid.chunkCount else {
            throw .pack("P-23", "chunks are missing", at: ["object \(object.description.digest.short)"])
        }
        var fields = ByteWriter()
        fields.varint(objects.count)
        fields.append(object.description)
        try file.write(
            ByteWriter.recordHeader(kind: PackLayout.objectKind, payloadLength: 0, fields: fields.bytes))
        objects.append(PackObject(description: object.description, chunks: object.chunks))
        current = nil
    }

    /// Reads back the streams of a chunk that was written, of the object in progress too.
    public func streams(of chunk: ChunkRecord) throws(DeltaicError) -> [EncodedStream] {
        let start = chunk.offset + chunk.headerLength
        return chunk.cut(try file.read(start..<start + chunk.payloadLength))
    }

    /// Appends the manifest, JSON text.
    public func write(manifest json: [UInt8]) throws(DeltaicError) {
        guard manifest == nil, current == nil, json.count <= PackLayout.manifestRawLimit else {
            throw .pack("P-08", "the manifest is too long, or not the last record")
        }
        let stream = try coder.encode(json, effort: .text)
        let digest = try Digest.sha256(json)
        var fields = ByteWriter()
        fields.append(digest.bytes)
        fields.append(StreamRecord(stream))
        fields.integer(FastHash.checksum(stream.bytes))
        manifest = (file.byteCount, digest)
        try file.write(
            ByteWriter.recordHeader(
                kind: PackLayout.manifestKind, flags: PackLayout.checkedPayload, payloadLength: stream.bytes.count,
                fields: fields.bytes))
        try file.write(stream.bytes)
    }

    /// Writes index and trailer, makes the file durable under `name(id)` in the directory, and returns the pack's id.
    ///
    /// - Parameter place: the path of the final file, relative to the directory, from the id; its folder must exist.
    public func finish(place: (Digest) throws(DeltaicError) -> String) throws(DeltaicError) -> Digest {
        guard current == nil else { throw .pack("P-10", "an object is not complete") }
        let index = try coder.encode(indexBytes(), effort: .text)
        guard index.rawLength <= PackLayout.indexRawLimit else {
            throw DeltaicError(.unsupported, "P-25: the index would be too long", found: "\(index.rawLength) bytes")
        }
        let id = try Digest.sha256(index.bytes)
        let offset = file.byteCount
        try file.write(index.bytes)
        var trailer = ByteWriter()
        trailer.integer(UInt64(offset))
        trailer.integer(UInt64(index.bytes.count))
        trailer.integer(UInt64(index.rawLength))
        trailer.append(id.bytes)
        trailer.integer(UInt64(file.byteCount + PackLayout.trailerLength))
        trailer.integer(index.encoding.rawValue)
        trailer.append(repeatElement(0, count: 15))
        trailer.integer(FastHash.checksum(trailer.bytes))
        trailer.append(PackLayout.endMagic)
        try file.write(trailer.bytes)
        try file.publish(as: try place(id))
        return id
    }

    private func indexBytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.varint(objects.count)
        writer.varint(manifest?.offset ?? 0)
        writer.append(manifest?.digest.bytes ?? [UInt8](repeating: 0, count: Digest.byteCount))
        var end = PackLayout.headerLength
        for object in objects {
            writer.append(object.description)
            for chunk in object.chunks {
                writer.varint(chunk.offset - end)
                writer.varint(chunk.headerLength)
                writer.append(chunk)
                end = chunk.offset + chunk.storedBytes
            }
        }
        return writer.bytes
    }
}

extension ChunkRecord {
    /// Cuts a payload into the streams.
    func cut(_ payload: [UInt8]) -> [EncodedStream] {
        var start = 0
        return streams.map { stream in
            defer { start += stream.storedLength }
            return EncodedStream(
                encoding: stream.encoding, rawLength: stream.rawLength,
                bytes: Array(payload[start..<start + stream.storedLength]))
        }
    }
}
