public import DeltaicCore

/// What a scan found in a pack.
public struct PackScan: Sendable {
    /// The size of the file.
    public let byteCount: Int
    /// What was found of objects, in the order of their ordinals.
    public let parts: [ScannedObject]
    /// The manifest's JSON, if its record was found and its SHA-256 fits.
    public let manifest: [UInt8]?
    /// Ranges of the file in which no record could be read; index and trailer are among them.
    public let gaps: [Range<Int>]

    /// Objects whose record and every chunk of whose grid were found.
    public var objects: [PackObject] { parts.compactMap(\.whole) }
}

/// What a scan found of an object: its record, and chunks by their position in it.
public struct ScannedObject: Sendable {
    public let ordinal: Int
    public let description: ObjectDescription
    public let chunks: [Int: ChunkRecord]

    /// Nil if chunks are missing.
    var whole: PackObject? {
        let count = description.grid.chunkCount
        // Checked first: a record may claim any number of chunks.
        guard chunks.count >= count else { return nil }
        let all = (0..<count).compactMap { chunks[$0] }
        return all.count == count ? PackObject(description: description, chunks: all) : nil
    }
}

/// Reads a pack without its index: record after record, and where one is damaged, from the next marker on.
///
/// - SeeAlso: `Schema/pack/pack-format.md`, section 9.
public struct PackScanner {
    private let file: ReadOnlyFile

    /// - Throws: `.ioFailure` if the file cannot be opened.
    public init(path: String) throws(DeltaicError) {
        file = try ReadOnlyFile(path: path)
    }

    private struct Found {
        /// Chunks by the ordinal of their object, then by their own.
        var chunks: [Int: [Int: ChunkRecord]] = [:]
        /// Object records in order, with their ordinals.
        var objects: [(description: ObjectDescription, ordinal: Int)] = []
        var manifest: [UInt8]?
        var gaps: [Range<Int>] = []
    }

    /// Walks the whole file.
    ///
    /// - Throws: `.ioFailure` if the system cannot read; damage only makes gaps.
    public func scan() throws(DeltaicError) -> PackScan {
        var found = Found()
        var offset = min(PackLayout.headerLength, file.size)
        while offset < file.size {
            let limit = PackLayout.recordHeaderLimits.upperBound
            let window = try file.read(offset..<min(offset + limit, file.size))
            guard let header = record(window), offset + header.length + header.payloadLength <= file.size else {
                let next = try nextMarker(after: offset + 1)
                found.gaps.append(offset..<next)
                offset = next
                continue
            }
            let end = offset + header.length + header.payloadLength
            do throws(DeltaicError) {
                try note(header, at: offset, in: &found)
            } catch  where error.code.category != .system {
                found.gaps.append(offset..<end)
            }
            offset = end
        }
        let parts = found.objects.map {
            ScannedObject(ordinal: $0.ordinal, description: $0.description, chunks: found.chunks[$0.ordinal] ?? [:])
        }
        return PackScan(byteCount: file.size, parts: parts, manifest: found.manifest, gaps: found.gaps)
    }

    /// The record header at the start of bytes, nil if there is none that passes its checksum.
    private func record(_ bytes: [UInt8]) -> RecordHeader? {
        do throws(DeltaicError) {
            return try RecordHeader(bytes, place: file.path)
        } catch {
            return nil
        }
    }

    private func note(
        _ header: RecordHeader, at offset: Int, in found: inout Found
    ) throws(DeltaicError) {
        var fields = ByteReader(header.fields, place: file.path)
        switch header.kind {
        case PackLayout.chunkKind:
            let object = try fields.varint("object ordinal", limit: PackLayout.elementLimit)
            let chunk = try fields.varint("chunk ordinal", limit: PackLayout.elementLimit)
            _ = try fields.varint("elements", limit: PackLayout.elementLimit)
            found.chunks[object, default: [:]][chunk] = try fields.chunkRecord(
                offset: offset, headerLength: header.length)
        case PackLayout.objectKind:
            let ordinal = try fields.varint("object ordinal", limit: PackLayout.elementLimit)
            found.objects.append((try fields.objectDescription(), ordinal))
        case PackLayout.manifestKind:
            let start = offset + header.length
            let payload = try file.read(start..<start + header.payloadLength)
            found.manifest = try ManifestRecord(header).json(payload)
        default: break
        }
    }

    /// The offset of the next record marker at or after `start`, or the end of the file.
    private func nextMarker(after start: Int) throws(DeltaicError) -> Int {
        let window = 1 << 20
        var offset = start
        while offset < file.size {
            let bytes = try file.read(offset..<min(offset + window + PackLayout.marker.count - 1, file.size))
            var index = 0
            while index + PackLayout.marker.count <= bytes.count {
                if bytes[index] == PackLayout.marker[0],
                    bytes[index..<index + PackLayout.marker.count].elementsEqual(PackLayout.marker)
                {
                    return offset + index
                }
                index += 1
            }
            offset += window
        }
        return file.size
    }
}
