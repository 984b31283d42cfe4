public import DeltaicCore

/// Fields that records and the index write the same way.
extension ByteWriter {
    mutating func append(_ object: ObjectDescription) {
        append(object.digest.bytes)
        integer(UInt8(object.type == nil ? 2 : 1))
        integer(object.type?.code ?? 0)
        varint(object.elementCount)
        integer(UInt8(object.base == nil ? 0 : 1))
        if let base = object.base { append(base.bytes) }
        varint(object.grid.chunkCount)
    }

    mutating func append(_ chunk: ChunkRecord) {
        integer(chunk.codec)
        integer(chunk.payloadChecksum)
        integer(chunk.rawChecksum)
        integer(UInt8(chunk.streams.count))
        for stream in chunk.streams { append(stream) }
    }

    mutating func append(_ stream: StreamRecord) {
        integer(stream.encoding.rawValue)
        varint(stream.storedLength)
        varint(stream.rawLength)
    }

    /// A record header around `fields`.
    static func recordHeader(kind: UInt8, flags: UInt8 = 0, payloadLength: Int, fields: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        let length = PackLayout.recordPrefixLength + fields.count + PackLayout.checksumLength
        writer.append(PackLayout.marker)
        writer.integer(kind)
        writer.integer(flags)
        // Small fields are padded, so that a scanner may believe the lower limit of the length.
        let padding = max(0, PackLayout.recordHeaderLimits.lowerBound - length)
        writer.integer(UInt16(length + padding))
        writer.integer(UInt32(payloadLength))
        writer.append(fields)
        writer.append(repeatElement(0, count: padding))
        writer.integer(FastHash.checksum(writer.bytes))
        return writer.bytes
    }
}

extension ByteReader {
    mutating func digest(_ field: String) throws(DeltaicError) -> Digest {
        Digest(uncheckedBytes: try take(Digest.byteCount, field))
    }

    /// Reads an object's description and checks its number of chunks against the grid.
    mutating func objectDescription() throws(DeltaicError) -> ObjectDescription {
        let digest = try digest("object digest")
        let kind = try uint8("object kind")
        let code = try uint8("dtype")
        let type: ElementType?
        switch kind {
        case 1:
            guard let known = ElementType(code: code) else {
                throw .pack("P-20", "unknown dtype \(code)", at: ["object \(digest.short)"])
            }
            type = known
        case 2:
            guard code == 0 else { throw .pack("P-20", "bytes with dtype \(code)", at: ["object \(digest.short)"]) }
            type = nil
        default: throw .pack("P-19", "unknown object kind \(kind)", at: ["object \(digest.short)"])
        }
        let count = try varint("P-21: the number of elements", limit: PackLayout.elementLimit)
        let base: Digest?
        switch try uint8("base flag") {
        case 0: base = nil
        case 1: base = try self.digest("base digest")
        default: throw .pack("P-22", "bad base flag", at: ["object \(digest.short)"])
        }
        guard base != digest else { throw .pack("P-22", "an object is its own base", at: ["object \(digest.short)"]) }
        let object = ObjectDescription(digest: digest, type: type, elementCount: count, base: base)
        let chunks = try varint("P-23: the number of chunks", limit: PackLayout.elementLimit)
        guard chunks == object.grid.chunkCount else {
            throw .pack(
                "P-23", "wrong number of chunks", at: ["object \(digest.short)"],
                expected: "\(object.grid.chunkCount)", found: "\(chunks)")
        }
        return object
    }

    mutating func chunkRecord(offset: Int, headerLength: Int) throws(DeltaicError) -> ChunkRecord {
        let codec = try uint8("codec")
        let payloadChecksum = try uint64("payload checksum")
        let rawChecksum = try uint64("raw checksum")
        let count = Int(try uint8("streams"))
        guard count <= PackLayout.streamLimit else { throw .pack("P-15", "too many streams", found: "\(count)") }
        var streams: [StreamRecord] = []
        for _ in 0..<count { streams.append(try streamRecord(rawLimit: PackLayout.streamRawLimit)) }
        let payload = streams.reduce(0) { $0 + $1.storedLength }
        guard payload <= PackLayout.payloadLimit else {
            throw .pack(
                "P-08", "the payload is too long", expected: "at most \(PackLayout.payloadLimit)", found: "\(payload)")
        }
        return ChunkRecord(
            codec: codec, payloadChecksum: payloadChecksum, rawChecksum: rawChecksum, streams: streams, offset: offset,
            headerLength: headerLength)
    }

    mutating func streamRecord(rawLimit: Int) throws(DeltaicError) -> StreamRecord {
        let number = try uint8("stream encoding")
        guard let encoding = EncodedStream.Encoding(rawValue: number) else {
            throw .pack("P-17", "unknown stream encoding \(number)")
        }
        let stored = try varint("P-16: the stored length of a stream", limit: PackLayout.payloadLimit)
        let raw = try varint("P-16: the raw length of a stream", limit: rawLimit)
        return StreamRecord(encoding: encoding, storedLength: stored, rawLength: raw)
    }
}

extension StreamRecord {
    public init(_ stream: EncodedStream) {
        self.init(encoding: stream.encoding, storedLength: stream.bytes.count, rawLength: stream.rawLength)
    }
}
