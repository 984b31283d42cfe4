internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// The delta of a tensor that is registered from a stored base tensor.
struct PieceDelta: DeltaSource {
    let source: HashedPiece
    let base: TensorRecord
    let objects: ObjectReader
    let moments: SecondMoments?
    let key: UInt64
    let rows: Int
    let columns: Int
    private(set) var statistics = DeltaStatistics()

    /// Nil unless tensor and base share rows of a dtype that lossy codecs take.
    init?(source: HashedPiece, base: TensorRecord, objects: ObjectReader, moments: SecondMoments?, seed: UInt64) {
        guard let type = source.piece.type, type.floatFormat != nil, type == base.type, let shape = source.piece.shape
        else { return nil }
        let common = shape.commonElements(with: base.shape)
        guard common > 0 else { return nil }
        self.source = source
        self.base = base
        self.objects = objects
        self.moments = moments
        key = Self.key(seed: seed, name: source.piece.name)
        columns = shape.matrixColumns(name: source.piece.name) ?? common
        rows = common / columns
    }

    /// A tensor's key: XXH3-64 of the seed as eight little-endian bytes and the name.
    private static func key(seed: UInt64, name: String) -> UInt64 {
        var writer = ByteWriter()
        writer.integer(seed)
        writer.append(name.utf8)
        return FastHash.checksum(writer.bytes)
    }

    var name: String { source.piece.name }
    var type: ElementType { source.piece.type ?? .float32 }
    var chunkCount: Int { ChunkGrid(elementCount: elementCount, width: type.width).chunkCount }

    /// Reads everything once, for the sums that planning needs.
    func measured() throws(DeltaicError) -> PieceDelta {
        var result = self
        result.statistics = DeltaStatistics()
        for position in 0..<chunkCount { result.statistics.add(try chunk(position), columns: columns) }
        return result
    }

    func secondMoments() throws(DeltaicError) -> [Float]? {
        try moments?.matrix(of: name, columns: columns)
    }

    func chunk(_ position: Int) throws(DeltaicError) -> DeltaChunk {
        let range = elementRange(ofChunk: position)
        let count = range.count * type.width
        let raw = try raw(position)
        let baseWords = try objects.typedChunk(position, of: base.object)
        guard raw.count >= count, baseWords.count >= count else {
            throw DeltaicError(
                .contentMismatch, "the base's bytes are too few for its shape", at: ["\(name), chunk \(position)"])
        }
        do {
            return try DeltaChunk(
                baseWords: Self.prefix(baseWords, count), fineTunedWords: Self.prefix(raw, count), format: format,
                firstElement: range.lowerBound)
        } catch {
            throw error.inside(name)
        }
    }

    /// The first bytes; no copy of all.
    private static func prefix(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        bytes.count == count ? bytes : Array(bytes.prefix(count))
    }

    func tail(ofChunk position: Int) throws(DeltaicError) -> [UInt8] {
        // Most tensors have the base's rows and no more: nothing is read again for these.
        guard source.piece.shape?.elementCount != elementCount else { return [] }
        let count = elementRange(ofChunk: position).count * type.width
        return Array(try raw(position).dropFirst(count))
    }

    /// The words of a chunk as they are registered, checked against those that were hashed.
    func raw(_ position: Int) throws(DeltaicError) -> [UInt8] {
        try source.checkedChunk(position)
    }
}

extension HashedPiece {
    /// The raw bytes of one chunk.
    /// - Throws: `.inputChanged` if they are not those that were hashed.
    func checkedChunk(_ position: Int) throws(DeltaicError) -> [UInt8] {
        let raw = try piece.chunk(position)
        guard raw.withUnsafeBytes({ FastHash.blockKey($0) }) == blockKeys[position] else {
            throw DeltaicError.inputChanged(piece.file.path)
        }
        return raw
    }
}
