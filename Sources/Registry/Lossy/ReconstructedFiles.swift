internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// Hashes files as they will be pulled: lossy tensors decoded, all else as it was registered.
struct ReconstructedFiles: Sendable {
    let workers: WorkerPool
    let progress: any ProgressReport
    let objects: ObjectReader
    let encoded: [EncodedLossy]

    private struct Piece: Sendable {
        let source: HashedPiece
        let chunk: Int
    }

    /// The files with their new hashes and tensors; a file without a lossy tensor stays as it is.
    func run(_ files: [HashedFile]) async throws -> [HashedFile] {
        var replaced = files.map(\.tensors)
        for tensor in encoded { replaced[tensor.tensor.file]?[tensor.tensor.position] = tensor.piece }
        let changed = Set(encoded.map(\.tensor.file))
        let total = changed.reduce(0) { $0 + files[$1].size }
        progress.begin("reconstructing", totalBytes: total)
        defer { progress.end() }
        var result: [HashedFile] = []
        for (index, file) in files.enumerated() {
            guard changed.contains(index), let tensors = replaced[index] else {
                result.append(file)
                continue
            }
            result.append(try await naming(file.path) { try await self.file(file, tensors) })
        }
        return result
    }

    private func file(_ file: HashedFile, _ tensors: [HashedPiece]) async throws -> HashedFile {
        var sha256 = try StreamingHash(.sha256)
        var blob = try GitBlobHasher(size: file.size)
        try await bytes(of: [file.head] + tensors) { bytes in
            sha256.update(bytes)
            if !file.isLFS { blob.update(bytes) }
        }
        let digest = Digest(uncheckedBytes: sha256.finish())
        return HashedFile(
            path: file.path, size: file.size, sha256: digest,
            gitBlobID: file.isLFS ? try LFSPointer.blobID(sha256: digest, size: file.size) : try blob.finish(),
            isLFS: file.isLFS, head: file.head, tensors: tensors,
            original: digest == file.sha256 ? nil : file.sha256)
    }

    /// The bytes of pieces, chunk by chunk, in order.
    func bytes(of pieces: [HashedPiece], consume: ([UInt8]) throws -> Void) async throws {
        let chunks = pieces.flatMap { piece in
            (0..<piece.piece.grid.chunkCount).map { Piece(source: piece, chunk: $0) }
        }
        let reader = SpoolReader(objects: objects, shared: encoded.flatMap(\.shared))
        try await workers.mapInOrder(chunks) { chunk in
            try naming(chunk.source.piece.name) {
                switch chunk.source.storage {
                case .spooled(let object):
                    try reader.chunk(chunk.chunk, of: object, piece: chunk.source.piece)
                case .delta, .alone: try chunk.source.checkedChunk(chunk.chunk)
                }
            }
        } consume: { bytes in
            try consume(bytes)
            progress.advance(bytes.count)
        }
    }
}

/// Decodes objects of a spool.
struct SpoolReader: SharedBytes {
    let objects: ObjectReader
    private let shared: [Digest: HashedPiece]
    private let coder = ZstdStream()

    init(objects: ObjectReader, shared: [HashedPiece]) {
        self.objects = objects
        self.shared = Dictionary(shared.map { ($0.digest, $0) }) { first, _ in first }
    }

    func chunk(_ position: Int, of object: SpooledObject, piece: InputPiece) throws(DeltaicError) -> [UInt8] {
        let entry = object.entries[position]
        let elements = piece.grid.elements(of: position)
        var base: [UInt8] = []
        if let digest = object.base, entry.codec.isLossy { base = try objects.typedChunk(position, of: digest) }
        let raw = try CodecTable.decode(
            try object.spool.chunk(entry),
            shape: ChunkShape(type: piece.type, elementCount: elements.count, firstElement: elements.lowerBound),
            base: base, shared: self, coder: coder)
        guard FastHash.checksum(raw) == entry.rawChecksum else {
            throw DeltaicError(
                .encodeMismatch, "a chunk decodes to other bytes than before; nothing was registered",
                at: ["chunk \(position)"], advice: "this is a defect of deltaic: please report it with the tensor")
        }
        return raw
    }

    func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
        guard let piece = shared[digest], case .spooled(let object) = piece.storage else {
            return try NoSharedBytes().sharedBytes(digest)
        }
        var bytes: [UInt8] = []
        for position in object.entries.indices { bytes += try chunk(position, of: object, piece: piece.piece) }
        return bytes
    }
}
