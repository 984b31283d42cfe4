internal import DeltaicCore

/// The last 96 bytes of a pack.
struct Trailer {
    let offset: Int
    let storedLength: Int
    let rawLength: Int
    let digest: Digest
    let encoding: EncodedStream.Encoding

    init(_ bytes: [UInt8], fileSize: Int) throws(DeltaicError) {
        guard Array(bytes.suffix(8)) == PackLayout.endMagic else {
            throw .pack("P-29", "the end of the pack is missing: it was cut off or overwritten")
        }
        var checksum = ByteReader(Array(bytes[80...]), place: "pack trailer")
        guard try checksum.uint64("checksum") == FastHash.checksum(Array(bytes[..<80])) else {
            throw DeltaicError(.checksumMismatch, "P-28: the trailer is damaged")
        }
        var reader = ByteReader(bytes, place: "pack trailer")
        offset = try reader.length("P-24: the index offset", limit: fileSize)
        storedLength = try reader.length("P-24: the index length", limit: fileSize)
        rawLength = try reader.length("P-25: the raw index length", limit: PackLayout.indexRawLimit)
        digest = try reader.digest("index digest")
        let length = try reader.length("P-27: the pack length", limit: .max)
        let number = try reader.uint8("index encoding")
        guard length == fileSize else {
            throw .pack("P-27", "the pack has another length", expected: "\(length)", found: "\(fileSize)")
        }
        guard offset >= PackLayout.headerLength, offset + storedLength == fileSize - PackLayout.trailerLength else {
            throw .pack("P-24", "the index does not end at the trailer")
        }
        // All that the index says is in the records too, in more bytes: a small pack cannot ask for a large index.
        guard rawLength <= offset + PackLayout.indexSlack else {
            throw .pack(
                "P-25", "the raw index is longer than the records that it lists",
                expected: "at most \(offset + PackLayout.indexSlack)", found: "\(rawLength)")
        }
        guard let encoding = EncodedStream.Encoding(rawValue: number) else {
            throw .pack("P-17", "unknown index encoding \(number)")
        }
        self.encoding = encoding
    }
}

/// The index of a pack, read and checked.
struct PackIndex {
    let objects: [PackObject]
    let manifestOffset: Int
    let manifestDigest: Digest

    /// - Parameter end: the offset at which the records end.
    init(_ raw: [UInt8], end: Int) throws(DeltaicError) {
        var reader = ByteReader(raw, place: "pack index")
        let count = try reader.varint("objects", limit: PackLayout.objectLimit)
        manifestOffset = try reader.varint("P-24: the manifest offset", limit: end)
        manifestDigest = try reader.digest("manifest digest")
        var objects: [PackObject] = []
        var place = PackLayout.headerLength
        for _ in 0..<count {
            let description = try reader.objectDescription()
            // A chunk takes at least 20 bytes of the index, so this loop cannot outrun the bytes that are there.
            var chunks: [ChunkRecord] = []
            for _ in 0..<description.grid.chunkCount {
                let gap = try reader.varint("P-24: the distance of a record", limit: end)
                let headerLength = try reader.varint("P-07: the record header length", limit: 1024)
                guard PackLayout.recordHeaderLimits.contains(headerLength) else {
                    throw .pack("P-07", "bad record header length", found: "\(headerLength)")
                }
                let chunk = try reader.chunkRecord(offset: place + gap, headerLength: headerLength)
                place = chunk.offset + chunk.storedBytes
                guard place <= end else {
                    throw .pack("P-24", "a chunk reaches past the index", at: ["object \(description.digest.short)"])
                }
                chunks.append(chunk)
            }
            objects.append(PackObject(description: description, chunks: chunks))
        }
        guard reader.remaining == 0 else { throw .pack("P-24", "bytes follow the index") }
        self.objects = objects
    }
}

/// The header of a record.
struct RecordHeader {
    let kind: UInt8
    let flags: UInt8
    let length: Int
    let payloadLength: Int
    /// The fields with their padding, without prefix and checksum.
    let fields: [UInt8]

    /// Reads the header at the start of `bytes`, nil if there is no marker.
    init?(_ bytes: [UInt8], place: String) throws(DeltaicError) {
        guard bytes.starts(with: PackLayout.marker) else { return nil }
        var reader = ByteReader(bytes, place: place)
        _ = try reader.take(4, "marker")
        kind = try reader.uint8("record kind")
        flags = try reader.uint8("record flags")
        length = Int(try reader.uint16("record header length"))
        payloadLength = Int(try reader.uint32("payload length"))
        guard PackLayout.recordHeaderLimits.contains(length) else {
            throw .pack("P-07", "bad record header length", found: "\(length)")
        }
        guard payloadLength <= PackLayout.payloadLimit else {
            throw .pack("P-08", "the payload is too long", found: "\(payloadLength)")
        }
        fields = try reader.take(
            length - PackLayout.recordPrefixLength - PackLayout.checksumLength, "record fields")
        let checksum = try reader.uint64("record checksum")
        guard checksum == FastHash.checksum(Array(bytes[0..<length - PackLayout.checksumLength])) else {
            throw DeltaicError(.checksumMismatch, "P-09: a record header is damaged", at: [place])
        }
    }
}
