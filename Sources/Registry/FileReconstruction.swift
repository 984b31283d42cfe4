internal import Catalog
internal import DeltaicCore
internal import PackFormat

/// The chunks of a file in the order of its bytes, and where each comes from.
struct FileReconstruction: Sendable {
    /// One chunk of one object that the file is made of.
    struct Piece: Sendable {
        let object: Digest
        let chunk: Int
        /// The tensor's name, or what else the bytes are, for errors.
        let name: String
    }

    let file: FileRecord
    let reader: ObjectReader

    /// The objects of the file in the order of their bytes.
    private var objects: [(digest: Digest, name: String)] {
        switch file.content {
        case .raw(let object): [(object, "its content")]
        case .safetensors(let header, let tensors):
            [(header, "its header")] + tensors.map { ($0.object, "tensor \($0.name)") }
        }
    }

    func pieces() throws -> [Piece] {
        try objects.flatMap { object in
            try naming(object.name) {
                let chunks = try reader.object(object.digest).chunks.count
                return (0..<chunks).map { Piece(object: object.digest, chunk: $0, name: object.name) }
            }
        }
    }

    /// Decodes the file chunk by chunk, in order, and checks its size and its SHA-256 at the end.
    ///
    /// - Parameter consume: takes the bytes in order; whatever it made of them is worth nothing until this returns.
    /// - Throws: `.contentMismatch` naming the tensor and the chunk that differ, `.checksumMismatch` or `.malformedPack`
    ///   naming the tensor, the chunk and the pack.
    func run(workers: WorkerPool, progress: any ProgressReport, consume: ([UInt8]) throws -> Void) async throws {
        var hash = try StreamingHash(.sha256)
        var size = 0
        try await workers.mapInOrder(try pieces()) { [reader] piece in
            try naming(piece.name) { try reader.chunk(piece.chunk, of: piece.object) }
        } consume: { bytes in
            hash.update(bytes)
            size += bytes.count
            try consume(bytes)
            progress.advance(bytes.count)
        }
        let digest = Digest(uncheckedBytes: hash.finish())
        guard digest == file.sha256, size == file.size else {
            try await findMismatch(workers: workers)
            throw DeltaicError(
                .contentMismatch, "the reconstructed file is not the one that was registered",
                expected: "\(file.size) bytes, SHA-256 \(file.sha256.short)", found: "\(size) bytes, \(digest.short)",
                advice: "every tensor is intact, so the catalog's list of them is damaged; run `deltaic verify`")
        }
    }

    /// Hashes object by object, to name the one whose bytes are wrong although its chunks pass their checksums.
    private func findMismatch(workers: WorkerPool) async throws {
        for object in objects {
            try await naming(object.name) {
                try await ObjectCheck(reader: reader).run(object.digest, workers: workers)
            }
        }
    }
}

/// Decodes an object and compares it with its SHA-256.
struct ObjectCheck: Sendable {
    let reader: ObjectReader

    /// - Throws: what is wrong with the first chunk that is damaged, or `.contentMismatch` if all pass and the whole differs.
    func run(_ digest: Digest, workers: WorkerPool) async throws {
        let object = try reader.object(digest)
        var hash = try StreamingHash(.sha256)
        try await workers.mapInOrder(0..<object.chunks.count) { [reader] in
            try reader.chunk($0, of: digest)
        } consume: {
            hash.update($0)
        }
        let found = Digest(uncheckedBytes: hash.finish())
        guard found == digest else {
            throw DeltaicError(
                .contentMismatch, "the bytes are not the ones that were registered",
                at: [object.chunks.count == 1 ? "chunk 0" : "chunks 0 to \(object.chunks.count - 1)"],
                expected: "SHA-256 \(digest.short)", found: found.short)
        }
    }
}
