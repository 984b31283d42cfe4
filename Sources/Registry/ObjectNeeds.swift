internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// What the chunks of a stored object are decoded from, as they say themselves.
///
/// What lossy chunks share is known only when they are decoded.
struct ObjectNeeds {
    /// What a chunk is decoded from.
    enum Source {
        case nothing
        case object(Digest)
        /// An earlier chunk of its own object.
        case own(Int)
    }

    /// By the position of the chunk.
    private(set) var chunks: [Source] = []
    /// The other objects that are needed.
    private(set) var objects: Set<Digest> = []
    /// Whether a chunk refers to another of its own object.
    private(set) var hasOwn = false

    /// - Throws: `.malformedPack` if a reference cannot be read, or leads to a later chunk.
    init(_ object: PackObject, in pack: PackReader) throws {
        for (position, chunk) in object.chunks.enumerated() {
            let source = try Self.source(of: chunk, at: position, in: object, pack)
            switch source {
            case .nothing: break
            case .object(let need): objects.insert(need)
            case .own: hasOwn = true
            }
            chunks.append(source)
        }
    }

    private static func source(
        of chunk: ChunkRecord, at position: Int, in object: PackObject, _ pack: PackReader
    ) throws -> Source {
        let codec = CodecID(number: chunk.codec)
        guard codec == .reference else {
            return codec.needsBase ? object.description.base.map(Source.object) ?? .nothing : .nothing
        }
        let target = try BlockReference(streams: try pack.streams(of: chunk))
        guard target.object == object.description.digest else { return .object(target.object) }
        guard target.chunk < position else {
            throw DeltaicError(.malformedPack, "C-31: a chunk refers to itself or to a later one")
        }
        return .own(target.chunk)
    }

    /// How many objects must be decoded one after the other before an object.
    ///
    /// - Parameters:
    ///   - objects: all that it needs, with what its lossy chunks share.
    ///   - chunks: chunk by chunk, if some refer to others of their own object.
    ///   - other: the depth of another object.
    static func depth(of objects: Set<Digest>, chunks: [Source], other: (Digest) throws -> Int) throws -> Int {
        var depth = 0
        for need in objects { depth = max(depth, try other(need) + 1) }
        var ofChunks: [Int] = []
        for source in chunks {
            let ofChunk =
                switch source {
                case .nothing: 0
                case .object(let need): try other(need) + 1
                case .own(let chunk): ofChunks[chunk] + 1
                }
            ofChunks.append(ofChunk)
        }
        return max(depth, ofChunks.max() ?? 0)
    }
}

extension ObjectRecord {
    /// The row of an object, from what its pack says.
    ///
    /// - Parameter needs: all objects that it cannot be decoded without.
    init(_ object: PackObject, pack: Digest, position: Int, depth: Int, needs: Set<Digest>) {
        let codecs = Set(object.chunks.map { CodecID(number: $0.codec) })
        self.init(
            digest: object.description.digest, length: object.description.byteCount, pack: pack, position: position,
            codec: codecs.objectCodec.description, storedBytes: object.storedBytes,
            base: object.description.base.flatMap { codecs.contains(where: \.needsBase) ? $0 : nil }, depth: depth,
            dependencies: needs.sorted())
    }
}
