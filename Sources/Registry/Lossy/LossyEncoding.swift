internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import Foundation
internal import PackFormat

/// What became of a lossy tensor.
struct EncodedLossy: Sendable {
    let tensor: TensorTreatments.Lossy
    /// Takes the place of the tensor that was registered.
    let piece: HashedPiece
    /// Objects that its chunks share.
    let shared: [HashedPiece]
    let quality: DeltaQuality
}

/// Encodes lossy tensors into a spool, and hashes what they decode to.
struct LossyEncoding: Sendable {
    let workers: WorkerPool
    let progress: any ProgressReport
    let spool: ChunkSpool
    private let coder = ZstdStream()

    init(workers: WorkerPool, progress: any ProgressReport, spool: ChunkSpool) {
        self.workers = workers
        self.progress = progress
        self.spool = spool
    }

    /// The results have the order of the tensors.
    func run(_ tensors: [PlannedLossy]) async throws -> [EncodedLossy] {
        progress.begin(
            "compressing", totalBytes: tensors.reduce(0) { $0 + $1.tensor.delta.source.piece.range.count })
        defer { progress.end() }
        var result: [EncodedLossy] = []
        try await workers.mapInOrder(tensors, window: .max) { tensor in
            let delta = tensor.tensor.delta
            do {
                return try encode(tensor)
            } catch let error as DeltaicError {
                // Codecs name the tensor where they can; once is enough.
                let named = error.places.contains(delta.name) ? error : error.inside(delta.name)
                throw named.inside(delta.source.piece.file.path)
            }
        } consume: {
            result.append($0)
        }
        return result
    }

    private func encode(_ tensor: PlannedLossy) throws -> EncodedLossy {
        let delta = tensor.tensor.delta
        let codec = tensor.planned?.codec ?? DropCodec()
        let writer = SpooledObjectWriter(spool: spool, hash: try StreamingHash(.sha256), progress: progress)
        let made = try LossyEncoder(coder: coder).run(codec, on: delta) { chunk, raw throws(DeltaicError) in
            try writer.append(chunk, raw: raw)
        }
        // Rows that the base lacks altogether are stored on their own.
        for position in delta.chunkCount..<delta.source.piece.grid.chunkCount {
            let raw = try delta.raw(position)
            let shape = ChunkShape(type: delta.type, elementCount: raw.count / delta.type.width)
            let streams = try SoloCodec().encode(ChunkInput(raw: raw, shape: shape), coder: coder)
            try writer.append(EncodedChunk(codec: .solo, streams: streams), raw: raw)
        }
        let (entries, digest) = writer.finish()
        let object = SpooledObject(
            spool: spool, entries: entries, base: delta.base.object, shared: made.shared.map(\.digest))
        return EncodedLossy(
            tensor: tensor.tensor,
            piece: HashedPiece(
                piece: delta.source.piece, digest: digest, blockKeys: [], storage: .spooled(object),
                loss: TensorLoss(codec: codec.id, made.quality)),
            shared: try made.shared.map { try self.shared($0.digest, $0.bytes, of: delta.name) },
            quality: made.quality)
    }

    private func shared(_ digest: Digest, _ bytes: [UInt8], of name: String) throws -> HashedPiece {
        let piece = InputPiece(
            name: "what the chunks of \(name) share", file: InputFile(path: "", size: 0), range: 0..<bytes.count,
            type: nil, shape: nil)
        var entries: [ChunkSpool.Entry] = []
        for position in 0..<piece.grid.chunkCount {
            let raw = Array(bytes[piece.grid.bytes(of: position)])
            // Packed codes: entropy coding is all that can be won.
            let streams = [try coder.encode(raw, effort: .literals)]
            entries.append(try spool.append(EncodedChunk(codec: .solo, streams: streams), raw: raw))
        }
        return HashedPiece(
            piece: piece, digest: digest, blockKeys: [],
            storage: .spooled(SpooledObject(spool: spool, entries: entries, base: nil, shared: [])))
    }
}

/// Spools the chunks of one object and hashes what they decode to.
private final class SpooledObjectWriter {
    private let spool: ChunkSpool
    private let progress: any ProgressReport
    private var hash: StreamingHash?
    private var entries: [ChunkSpool.Entry] = []

    init(spool: ChunkSpool, hash: consuming StreamingHash, progress: any ProgressReport) {
        self.spool = spool
        self.hash = .some(hash)
        self.progress = progress
    }

    func append(_ chunk: EncodedChunk, raw: [UInt8]) throws(DeltaicError) {
        entries.append(try spool.append(chunk, raw: raw))
        hash?.update(raw)
        progress.advance(raw.count)
    }

    func finish() -> (entries: [ChunkSpool.Entry], digest: Digest) {
        (entries, Digest(uncheckedBytes: hash.take()?.finish() ?? []))
    }
}

extension TensorLoss {
    /// Sums are kept to six digits: more would only be bytes.
    init(codec: CodecID, _ quality: DeltaQuality) {
        func short(_ value: Double) -> Double {
            guard value != 0, value.isFinite else { return 0 }
            let scale = pow(10, 5 - floor(log10(abs(value))))
            return scale.isFinite ? (value * scale).rounded() / scale : value
        }
        self.init(
            codec: codec.description, elements: quality.count, changed: quality.changed, sameSign: quality.sameSign,
            deltaSquares: short(quality.deltaSquares), reconstructedSquares: short(quality.reconstructedSquares),
            product: short(quality.product), weightSquares: short(quality.weightSquares),
            errorSquares: short(quality.errorSquares))
    }
}
