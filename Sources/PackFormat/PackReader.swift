public import DeltaicCore

/// Reads one pack through its index.
///
/// Opening checks header, trailer and index; each payload is checked when it is read. Safe to share between tasks.
public final class PackReader: Sendable {
    /// The format version that is read.
    public static var formatVersion: Int { Int(PackLayout.version) }

    public let path: String
    /// SHA-256 of the stored index: the pack's id.
    public let id: Digest
    public let byteCount: Int
    public let objects: [PackObject]
    /// The bytes of the compressed index and the trailer.
    public let indexBytes: Int
    private let file: ReadOnlyFile
    private let positions: [Digest: Int]
    private let manifestOffset: Int
    private let manifestDigest: Digest

    /// - Throws: `.malformedPack` or `.checksumMismatch` naming the rule, `.unsupportedPack` for a newer format.
    public convenience init(path: String) throws(DeltaicError) {
        let file = try ReadOnlyFile(path: path)
        do {
            try self.init(file: file)
        } catch {
            throw error.inside("pack \(path)")
        }
    }

    private init(file: ReadOnlyFile) throws(DeltaicError) {
        let smallest = PackLayout.headerLength + PackLayout.trailerLength
        guard file.size >= smallest else {
            throw .pack("P-24", "too short for a pack", expected: "at least \(smallest) bytes", found: "\(file.size)")
        }
        try Self.checkHeader(try file.read(0..<PackLayout.headerLength))
        let trailer = try Trailer(
            try file.read(file.size - PackLayout.trailerLength..<file.size), fileSize: file.size)
        let stored = try file.read(trailer.offset..<trailer.offset + trailer.storedLength)
        guard try Digest.sha256(stored) == trailer.digest else {
            throw DeltaicError(.checksumMismatch, "P-26: the index does not match its SHA-256")
        }
        let raw = try ZstdStream().decode(
            EncodedStream(encoding: trailer.encoding, rawLength: trailer.rawLength, bytes: stored),
            limit: PackLayout.indexRawLimit)
        let index = try PackIndex(raw, end: trailer.offset)
        path = file.path
        self.file = file
        byteCount = file.size
        id = trailer.digest
        indexBytes = file.size - trailer.offset
        objects = index.objects
        manifestOffset = index.manifestOffset
        manifestDigest = index.manifestDigest
        positions = Dictionary(
            index.objects.enumerated().map { ($0.element.description.digest, $0.offset) }, uniquingKeysWith: { $1 })
    }

    /// Whether the pack was deleted since it was opened, or repaired.
    public var isDeleted: Bool { file.isReplaced }

    /// Reads every chunk back as it is stored.
    ///
    /// - Throws: `.checksumMismatch` if one is not what was written.
    public func checkStoredBytes() throws(DeltaicError) {
        for object in objects { for chunk in object.chunks { _ = try streams(of: chunk) } }
    }

    /// The object with this SHA-256, nil if the pack does not hold it.
    public func object(_ digest: Digest) -> PackObject? {
        positions[digest].map { objects[$0] }
    }

    /// The streams of a chunk, checked against the payload checksum.
    public func streams(of chunk: ChunkRecord) throws(DeltaicError) -> [EncodedStream] {
        try file.streams(of: chunk, pack: id.short)
    }

    /// Checks a chunk's record in the file against the index: what a scan would rely on.
    public func checkRecord(of chunk: ChunkRecord) throws(DeltaicError) {
        let places = ["pack \(id.short)", "offset \(chunk.offset)"]
        let bytes = try file.read(chunk.offset..<chunk.offset + chunk.headerLength)
        guard let header = try RecordHeader(bytes, place: path), header.kind == PackLayout.chunkKind else {
            throw .pack("P-05", "no chunk record", at: places)
        }
        guard header.length == chunk.headerLength else {
            throw .pack("P-07", "record and index differ in the length of the header", at: places)
        }
        guard header.payloadLength == chunk.payloadLength else {
            throw .pack(
                "P-16", "the streams do not add up to the payload", at: places, expected: "\(header.payloadLength)",
                found: "\(chunk.payloadLength)")
        }
        var fields = ByteReader(header.fields, place: "chunk record")
        let object = try fields.varint("P-10: the ordinal of the object", limit: PackLayout.objectLimit)
        let position = try fields.varint("P-10: the ordinal of the chunk", limit: PackLayout.elementLimit)
        guard object < objects.count, position < objects[object].chunks.count,
            objects[object].chunks[position] == chunk
        else {
            throw .pack("P-10", "the record is another chunk than the index says", at: places)
        }
        let count = try fields.varint("P-11: the number of elements", limit: PackLayout.elementLimit)
        let expected = objects[object].description.grid.elements(of: position).count
        guard count == expected else {
            throw .pack("P-11", "wrong number of elements", at: places, expected: "\(expected)", found: "\(count)")
        }
        guard try fields.chunkRecord(offset: chunk.offset, headerLength: chunk.headerLength) == chunk else {
            throw .pack("P-16", "record and index differ", at: places)
        }
    }

    /// Checks the records of all objects in the file against the index: what a scan would rely on.
    public func checkObjectRecords() throws(DeltaicError) {
        var offset = PackLayout.headerLength
        for (ordinal, object) in objects.enumerated() {
            if let last = object.chunks.last { offset = last.offset + last.headerLength + last.payloadLength }
            let places = ["pack \(id.short)", "offset \(offset)"]
            let limit = min(offset + PackLayout.recordHeaderLimits.upperBound, byteCount)
            let bytes = try file.read(min(offset, limit)..<limit)
            guard let header = try RecordHeader(bytes, place: path), header.kind == PackLayout.objectKind else {
                throw .pack("P-05", "no object record", at: places)
            }
            var fields = ByteReader(header.fields, place: "object record")
            guard try fields.varint("P-30: the ordinal", limit: PackLayout.objectLimit) == ordinal,
                try fields.objectDescription() == object.description
            else {
                throw .pack("P-30", "the record is another object than the index says", at: places)
            }
            offset += header.length
        }
    }

    /// The manifest's JSON, nil if the pack has none.
    public func manifest() throws(DeltaicError) -> [UInt8]? {
        try readManifest { (record, payload) throws(DeltaicError) in try record.json(payload) }
    }

    /// Checks every bit of the manifest's record, those too that a reader can do without.
    public func checkManifest() throws(DeltaicError) {
        _ = try readManifest { (record, payload) throws(DeltaicError) in
            try record.check(payload)
            _ = try record.json(payload)
        }
    }

    private func readManifest<Value>(
        _ body: (ManifestRecord, _ payload: [UInt8]) throws(DeltaicError) -> Value
    ) throws(DeltaicError) -> Value? {
        guard manifestOffset > 0 else { return nil }
        let limit = PackLayout.recordHeaderLimits.upperBound
        let end = min(manifestOffset + limit, byteCount)
        let bytes = try file.read(manifestOffset..<end)
        guard let header = try RecordHeader(bytes, place: path), header.kind == PackLayout.manifestKind else {
            throw .pack("P-05", "no manifest record", at: ["pack \(id.short)", "offset \(manifestOffset)"])
        }
        do throws(DeltaicError) {
            let record = try ManifestRecord(header)
            guard record.digest == manifestDigest else {
                throw DeltaicError(.checksumMismatch, "the manifest is another than the index says")
            }
            let start = manifestOffset + header.length
            return try body(record, try file.read(start..<start + header.payloadLength))
        } catch {
            throw error.inside("pack \(id.short)")
        }
    }

    private static func checkHeader(_ bytes: [UInt8]) throws(DeltaicError) {
        guard Array(bytes.prefix(8)) == PackLayout.magic else {
            throw .pack("P-01", "not a pack: the magic is missing")
        }
        let body = Array(bytes.dropLast(PackLayout.checksumLength))
        var reader = ByteReader(bytes, place: "pack header")
        _ = try reader.take(8, "magic")
        let version = try reader.uint16("format version")
        let critical = try reader.uint16("critical flags")
        _ = try reader.take(12, "flags")
        guard try reader.uint64("checksum") == FastHash.checksum(body) else {
            throw DeltaicError(.checksumMismatch, "P-04: the header is damaged")
        }
        guard version == PackLayout.version else {
            throw DeltaicError(
                .unsupportedPack, "P-02: unknown format version", expected: "\(PackLayout.version)",
                found: "\(version)", advice: "use a newer deltaic")
        }
        guard critical == 0 else {
            throw DeltaicError(
                .unsupportedPack, "P-03: unknown critical flags", expected: "none", found: "\(critical)",
                advice: "use a newer deltaic")
        }
    }
}

/// A checksum for error messages.
func hexadecimal(_ checksum: UInt64) -> String {
    String(checksum, radix: 16)
}
