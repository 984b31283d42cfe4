internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import Synchronization

/// Gives the raw bytes of stored objects, chunk by chunk, each checked before it is handed out.
///
/// Safe to share between tasks.
final class ObjectReader: SharedBytes {
    /// Objects deeper than this are damaged: the registry never writes them.
    static let depthLimit = 8

    private let source: any ObjectSource
    private let cache: DecodedCache
    private let coder = ZstdStream()

    /// - Parameter cache: asked before anything is decoded that others are decoded from.
    init(source: any ObjectSource, cache: DecodedCache = DecodedCache(limit: sharedLimit + 4096, keepsChunks: false)) {
        self.source = source
        self.cache = cache
    }

    /// The object as its pack describes it.
    func object(_ digest: Digest) throws -> PackObject {
        try source.locate(digest).object
    }

    /// The object with the bytes of a tensor.
    /// - Throws: `.contentMismatch` if it has another length than the tensor's shape asks for.
    func object(of tensor: TensorRecord) throws -> PackObject {
        let object = try object(tensor.object)
        guard object.description.byteCount == tensor.byteCount else {
            throw DeltaicError(
                .contentMismatch, "the stored bytes are too many or too few for the shape",
                expected: "\(tensor.byteCount)", found: "\(object.description.byteCount)")
        }
        return object
    }

    /// The raw bytes of one chunk, checked.
    func chunk(_ position: Int, of digest: Digest) throws -> [UInt8] {
        try chunk(position, of: digest, depth: 0)
    }

    /// The raw bytes of one chunk, checked, and the objects whose bytes it shares.
    func chunkAndShared(_ position: Int, of digest: Digest) throws -> (bytes: [UInt8], shared: Set<Digest>) {
        let noted = NotedBytes(reader: self)
        let bytes = try chunk(position, of: digest, depth: 0, shared: noted)
        return (bytes, noted.digests)
    }

    /// - Parameter shared: where the chunk finds what it shares; the reader itself if it is not given.
    private func chunk(
        _ position: Int, of digest: Digest, depth: Int, shared: (any SharedBytes)? = nil
    ) throws -> [UInt8] {
        guard depth <= Self.depthLimit else {
            throw DeltaicError(
                .malformedPack, "objects depend on each other too deeply, or in a circle",
                at: ["object \(digest.short)"], expected: "at most \(Self.depthLimit)")
        }
        let located = try source.locate(digest)
        return try naming("chunk \(position) of object \(digest.short)") {
            guard located.object.chunks.indices.contains(position) else {
                throw DeltaicError(
                    .malformedPack, "there is no such chunk", expected: "\(located.object.chunks.count) chunks")
            }
            let record = located.object.chunks[position]
            let streams = try located.pack.streams(of: record)
            let raw: [UInt8]
            if record.codec == CodecID.reference.number {
                let target = try BlockReference(streams: streams)
                guard target.object != digest || target.chunk < position else {
                    throw DeltaicError(.malformedPack, "C-31: a chunk refers to itself or to a later one")
                }
                raw = try keptChunk(target.chunk, of: target.object, depth: depth + 1)
            } else {
                let base = try baseChunk(position, of: located.object, codec: record.codec, depth: depth)
                let elements = located.object.description.grid.elements(of: position)
                raw = try CodecTable.decode(
                    EncodedChunk(codec: CodecID(number: record.codec), streams: streams),
                    shape: ChunkShape(
                        type: located.object.description.type, elementCount: elements.count,
                        firstElement: elements.lowerBound), base: base,
                    shared: shared ?? NestedBytes(reader: self, depth: depth + 1), coder: coder)
            }
            guard raw.count == located.object.description.grid.bytes(of: position).count,
                FastHash.checksum(raw) == record.rawChecksum
            else {
                throw DeltaicError(
                    .checksumMismatch, "P-14: the decoded bytes are not the ones that were stored",
                    at: ["pack \(located.pack.id.short)"], advice: "run `deltaic verify`")
            }
            return raw
        }
    }

    /// The raw bytes of one chunk, with errors of other libraries told as ours.
    func typedChunk(_ position: Int, of digest: Digest) throws(DeltaicError) -> [UInt8] {
        do {
            return try chunk(position, of: digest)
        } catch let error as DeltaicError {
            throw error
        } catch {
            throw DeltaicError(.ioFailure, "cannot read the chunk: \(error)", at: ["object \(digest.short)"])
        }
    }

    /// An object that the chunks of a lossy tensor share, whole.
    ///
    /// It is kept: every chunk of the tensor asks.
    func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
        try sharedBytes(digest, depth: 0)
    }

    fileprivate func sharedBytes(_ digest: Digest, depth: Int) throws(DeltaicError) -> [UInt8] {
        if let known = cache.bytes(.shared(digest)) { return known }
        var bytes: [UInt8] = []
        do {
            let object = try object(digest)
            guard object.description.type == nil, object.description.byteCount <= Self.sharedLimit else {
                throw DeltaicError(
                    .overBudget, "C-55: what chunks share is no object of bytes, or too long",
                    at: ["object \(digest.short)"], expected: "at most \(Self.sharedLimit) bytes",
                    found: "\(object.description.byteCount)")
            }
            for position in object.chunks.indices { bytes += try chunk(position, of: digest, depth: depth) }
        } catch let error as DeltaicError {
            throw error
        } catch {
            throw DeltaicError(.ioFailure, "cannot read the object: \(error)", at: ["object \(digest.short)"])
        }
        cache.keep(bytes, as: .shared(digest))
        return bytes
    }

    /// The longest object that chunks may share.
    static let sharedLimit = 128 << 20

    private func baseChunk(_ position: Int, of object: PackObject, codec: UInt8, depth: Int) throws -> [UInt8]? {
        guard codec != CodecID.solo.number, let base = object.description.base else { return nil }
        return try keptChunk(position, of: base, depth: depth + 1)
    }

    /// A chunk that another one is decoded from: several may be.
    private func keptChunk(_ position: Int, of digest: Digest, depth: Int) throws -> [UInt8] {
        guard cache.keepsChunks else { return try chunk(position, of: digest, depth: depth) }
        let key = DecodedCache.Key.chunk(digest, position)
        if let known = cache.bytes(key) { return known }
        let bytes = try chunk(position, of: digest, depth: depth)
        cache.keep(bytes, as: key)
        return bytes
    }
}

/// Shared bytes as a chunk in some depth sees them, so that objects that need each other in a circle come to an end.
private struct NestedBytes: SharedBytes {
    let reader: ObjectReader
    let depth: Int

    func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
        try reader.sharedBytes(digest, depth: depth)
    }
}

/// Shared bytes, and which were asked for.
private final class NotedBytes: SharedBytes {
    private let reader: ObjectReader
    private let noted = Mutex(Set<Digest>())

    init(reader: ObjectReader) {
        self.reader = reader
    }

    var digests: Set<Digest> { noted.withLock { $0 } }

    func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
        noted.withLock { _ = $0.insert(digest) }
        return try reader.sharedBytes(digest, depth: 1)
    }
}
