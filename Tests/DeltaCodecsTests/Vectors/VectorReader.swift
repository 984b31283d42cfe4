internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport

/// Reads all of a pack whose bases lie in the pack itself, and checks everything that the specification says is checked.
struct VectorReader {
    /// A chunk as it is stored, with what it was decoded against.
    struct Chunk {
        let type: ElementType?
        let encoded: EncodedChunk
        let base: [UInt8]
        let raw: [UInt8]
    }

    let pack: PackReader
    let manifest: [UInt8]?
    private(set) var raw: [Digest: [UInt8]] = [:]
    private(set) var chunks: [Chunk] = []

    init(_ path: String) throws {
        pack = try PackReader(path: path)
        manifest = try pack.manifest()
        for object in pack.objects { try read(object) }
    }

    private mutating func read(_ object: PackObject) throws {
        let description = object.description
        var whole: [UInt8] = []
        for (position, record) in object.chunks.enumerated() {
            try pack.checkRecord(of: record)
            let encoded = EncodedChunk(
                codec: CodecID(number: record.codec), streams: try pack.streams(of: record))
            let shape = ChunkShape(
                type: description.type, elementCount: description.grid.elements(of: position).count,
                firstElement: description.grid.elements(of: position).lowerBound)
            let baseRaw = description.base.flatMap { raw[$0] } ?? []
            let base = VectorPack.chunk(position, of: baseRaw, description.grid)
            let part =
                encoded.codec == .reference
                ? try referred(encoded, shape: shape, from: description.digest)
                : try CodecTable.decode(
                    encoded, shape: shape, base: base, shared: ObjectsSoFar(raw: raw), coder: ZstdStream())
            guard FastHash.checksum(part) == record.rawChecksum else {
                throw DeltaicError(.checksumMismatch, "P-14: a chunk decodes to other bytes")
            }
            chunks.append(Chunk(type: description.type, encoded: encoded, base: base, raw: part))
            whole += part
        }
        guard try Digest.sha256(whole) == description.digest else {
            throw DeltaicError(.checksumMismatch, "P-18: an object decodes to other bytes")
        }
        raw[description.digest] = whole
    }

    /// What lossy chunks share lies before them.
    private struct ObjectsSoFar: SharedBytes {
        let raw: [Digest: [UInt8]]

        func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
            if let bytes = raw[digest] { return bytes }
            return try NoSharedBytes().sharedBytes(digest)
        }
    }

    /// Codec 3.
    private func referred(_ chunk: EncodedChunk, shape: ChunkShape, from digest: Digest) throws -> [UInt8] {
        guard let stream = chunk.streams.first, chunk.streams.count == 1, stream.bytes.count > 32 else {
            throw DeltaicError(.malformedChunk, "C-30: no reference")
        }
        var cursor = ByteCursor(stream.bytes)
        let target = Digest(uncheckedBytes: cursor.take(32))
        let position = cursor.varint()
        guard target != digest else { throw DeltaicError(.malformedChunk, "C-31: an object refers to itself") }
        guard let object = pack.object(target), let whole = raw[target],
            position < object.description.grid.chunkCount
        else { throw DeltaicError(.malformedChunk, "C-30: a reference leads nowhere") }
        let range = object.description.grid.bytes(of: position)
        guard range.count == shape.byteCount else {
            throw DeltaicError(.malformedChunk, "C-30: another raw length")
        }
        return Array(whole[range])
    }
}
