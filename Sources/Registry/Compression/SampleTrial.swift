internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// Encodes a few chunks of a model against the tensors of others, to see which of them is closest.
struct SampleTrial {
    /// Enough to tell a fine-tune's base from a stranger: they differ several times over.
    private static let sampleCount = 12
    /// Shorter chunks say little.
    private static let leastBytes = 4096

    private struct Sample {
        let name: String
        let type: ElementType
        let shape: TensorShape
        let chunk: Int
        let raw: [UInt8]

        var grid: ChunkGrid { ChunkGrid(elementCount: shape.elementCount, width: type.width) }
    }

    /// A tensor that samples may be taken of, and where its bytes are.
    private struct Candidate {
        let name: String
        let type: ElementType
        let shape: TensorShape
        let read: (Int) throws -> [UInt8]
    }

    private let samples: [Sample]
    private let catalog: CatalogDatabase
    private let objects: ObjectReader
    private let coder = ZstdStream()

    /// - Parameter tensors: those of the model; chunks are taken from all over its bytes.
    init(tensors: [HashedPiece], catalog: CatalogDatabase, objects: ObjectReader) throws {
        try self.init(
            tensors.map(\.piece).compactMap { piece in
                guard let type = piece.type, let shape = piece.shape else { return nil }
                return Candidate(name: piece.name, type: type, shape: shape) { try piece.chunk($0) }
            }, catalog, objects)
    }

    /// - Parameter stored: the tensors of a registered version; those that were stored first under another dtype are left out.
    init(stored: [TensorRecord], catalog: CatalogDatabase, objects: ObjectReader) throws {
        try self.init(
            try stored.filter { try objects.object($0.object).description.type == $0.type }.map { tensor in
                Candidate(name: tensor.name, type: tensor.type, shape: tensor.shape) {
                    try objects.chunk($0, of: tensor.object)
                }
            }, catalog, objects)
    }

    private init(_ candidates: [Candidate], _ catalog: CatalogDatabase, _ objects: ObjectReader) throws {
        self.catalog = catalog
        self.objects = objects
        let chunks = candidates.flatMap { tensor in
            let grid = ChunkGrid(elementCount: tensor.shape.elementCount, width: tensor.type.width)
            return (0..<grid.chunkCount).filter { grid.bytes(of: $0).count >= Self.leastBytes }.map { (tensor, $0) }
        }
        let step = max(1, chunks.count / Self.sampleCount)
        samples = try stride(from: step / 2, to: chunks.count, by: step).prefix(Self.sampleCount).map { index in
            let (tensor, chunk) = chunks[index]
            return Sample(
                name: tensor.name, type: tensor.type, shape: tensor.shape, chunk: chunk, raw: try tensor.read(chunk))
        }
    }

    /// What the samples take on their own.
    func sizeAlone() throws -> Int {
        try samples.reduce(0) { try $0 + size(of: $1, base: []) }
    }

    /// What the samples take as differences from the tensors of a version, where it has fitting ones.
    func size(against version: VersionRecord) throws -> Int {
        let partners = PartnerSelection(baseTensors: try catalog.tensorsByName(of: version.id))
        return try samples.reduce(0) { sum, sample in
            let partner = partners.partner(name: sample.name, type: sample.type, shape: sample.shape)
            return try sum + size(of: sample, base: try partner.map { try base(of: sample, partner: $0) } ?? [])
        }
    }

    private func base(of sample: Sample, partner: TensorRecord) throws -> [UInt8] {
        let stored = try objects.object(partner.object)
        guard stored.description.type == sample.type, stored.chunks.indices.contains(sample.chunk) else { return [] }
        let common = sample.shape.commonElements(with: partner.shape)
        let elements = sample.grid.elements(of: sample.chunk)
        guard elements.upperBound <= common else { return [] }
        return try objects.chunk(sample.chunk, of: partner.object)
    }

    private func size(of sample: Sample, base: [UInt8]) throws -> Int {
        let elements = sample.grid.elements(of: sample.chunk)
        let rowLength = sample.shape.rowLength
        let input = ChunkInput(
            raw: sample.raw,
            shape: ChunkShape(type: sample.type, elementCount: elements.count, firstElement: elements.lowerBound),
            rowLength: rowLength, rowOffset: rowLength > 0 ? elements.lowerBound % rowLength : 0,
            base: base.count > sample.raw.count ? Array(base.prefix(sample.raw.count)) : base)
        return try CodecTable.encode(input, coder: coder).storedBytes
    }
}
