internal import Catalog
internal import DeltaicCore
internal import Foundation
internal import TensorFiles

/// An input file, opened for each read: a model may have more files than a process may have open.
struct InputFile: Sendable {
    let path: String
    let size: Int
    /// Where the bytes are if they are stored already; else they are in the file at `path`.
    var stored: StoredBytes?

    /// Reads exactly the bytes of `range`.
    /// - Throws: `.inputChanged` if the file has another size by now.
    func read(_ range: Range<Int>) throws(DeltaicError) -> [UInt8] {
        if let stored { return try stored.read(range) }
        let file = try ReadOnlyFile(path: path)
        guard file.size == size else { throw .inputChanged(path) }
        return try file.read(range)
    }
}

extension DeltaicError {
    /// Somebody else writes to the files that are registered.
    static func inputChanged(_ path: String? = nil) -> DeltaicError {
        DeltaicError(
            .inputChanged, "the file changed while it was read", at: path.map { [$0] } ?? [],
            advice: "register the model when nothing writes to it")
    }
}

/// A run of bytes of an input file that becomes one object: a tensor, or a whole raw file, or a header.
struct InputPiece: Sendable {
    let name: String
    let file: InputFile
    let range: Range<Int>
    /// nil for bytes that are no tensor.
    let type: ElementType?
    let shape: TensorShape?

    var elementCount: Int { range.count / (type?.width ?? 1) }
    var grid: ChunkGrid { ChunkGrid(elementCount: elementCount, width: type?.width ?? 1) }

    /// The raw bytes of one chunk.
    func chunk(_ position: Int) throws(DeltaicError) -> [UInt8] {
        let bytes = grid.bytes(of: position)
        return try file.read(range.lowerBound + bytes.lowerBound..<range.lowerBound + bytes.upperBound)
    }
}

/// A piece after it was hashed.
struct HashedPiece: Sendable {
    let piece: InputPiece
    let digest: Digest
    /// One key per chunk; none if the object is not the piece's own bytes.
    let blockKeys: [BlockKey]
    var storage = Storage.delta
    /// What a lossy codec made of the tensor.
    var loss: TensorLoss?

    /// How the object is to be stored.
    enum Storage: Sendable {
        /// The piece's bytes, as a difference from the base where that is smaller.
        case delta
        /// The piece's bytes without the base.
        case alone
        /// What the chunks of a spool decode to.
        case spooled(SpooledObject)
    }
}

/// A file after it was hashed.
struct HashedFile: Sendable {
    let path: String
    let size: Int
    let sha256: Digest
    let gitBlobID: GitObjectID
    let isLFS: Bool
    /// The whole raw file, or the header.
    let head: HashedPiece
    /// In the order of the file; nil for a raw file.
    var tensors: [HashedPiece]?
    /// The SHA-256 of the file as it was registered, where a lossy codec gives back another one.
    var original: Digest?
}

/// A file that is to be scanned.
struct ScannedInput: Sendable {
    let path: String
    let file: InputFile
    /// Whether Git clients see an LFS pointer.
    let isLFS: Bool
    let content: ModelFile.Content

    init(path: String, file: InputFile, isLFS: Bool, content: ModelFile.Content) {
        self.path = path
        self.file = file
        self.isLFS = isLFS
        self.content = content
    }

    init(_ file: ModelFile) {
        self.init(
            path: file.path, file: InputFile(path: file.absolutePath, size: file.size),
            isLFS: LFSRule.isLarge(path: file.path, size: file.size), content: file.content)
    }
}

/// The first pass over a model: everything is read and hashed, nothing is written.
struct InputScan: Sendable {
    let inputs: [ScannedInput]
    let workers: WorkerPool
    let progress: any ProgressReport

    /// What one task does: hash a file as a whole, or one of its pieces.
    private enum Job: Sendable {
        case file(index: Int, size: Int, [InputPiece], isLFS: Bool)
        case piece(index: Int, InputPiece)
    }

    /// The hashes of a file as a whole, and the keys of the chunks that they were made from.
    private struct HashedWhole: Sendable {
        let sha256: Digest
        let gitBlobID: GitObjectID
        let blockKeys: [BlockKey]
    }

    private enum Outcome: Sendable {
        case file(index: Int, HashedWhole)
        case piece(index: Int, HashedPiece)
    }

    /// Hashes all files; the order of the result is that of the model's files.
    ///
    /// - Throws: `.inputChanged` if a file and its pieces were not read with the same bytes.
    func run() async throws -> [HashedFile] {
        progress.begin("hashing", totalBytes: 2 * inputs.reduce(0) { $0 + $1.file.size })
        defer { progress.end() }
        var wholes: [Int: HashedWhole] = [:]
        var pieces: [Int: [HashedPiece]] = [:]
        // Results are small, and the first job, a whole file, takes as long as all its tensors.
        try await workers.mapInOrder(jobs(), window: .max) { [self] job in
            try hash(job)
        } consume: { outcome in
            switch outcome {
            case .file(let index, let whole): wholes[index] = whole
            case .piece(let index, let piece): pieces[index, default: []].append(piece)
            }
        }
        return try inputs.enumerated().map { index, input in
            guard let whole = wholes[index], let all = pieces[index], let head = all.first else {
                throw DeltaicError(.inputChanged, "the file was not hashed", at: [input.path])
            }
            // The file is read once as a whole and once piece by piece: had it changed in between, its SHA-256 would never be
            // that of its pieces, and no pull would succeed.
            guard whole.blockKeys == all.flatMap(\.blockKeys) else { throw DeltaicError.inputChanged(input.path) }
            let isSafetensors = if case .safetensors = input.content { true } else { false }
            return HashedFile(
                path: input.path, size: input.file.size, sha256: whole.sha256, gitBlobID: whole.gitBlobID,
                isLFS: input.isLFS, head: head,
                tensors: isSafetensors ? Array(all.dropFirst()) : nil)
        }
    }

    private func jobs() -> [Job] {
        var jobs: [Job] = []
        for (index, input) in inputs.enumerated() {
            let file = input.file
            var pieces: [InputPiece] = []
            switch input.content {
            case .raw:
                pieces.append(InputPiece(name: input.path, file: file, range: 0..<file.size, type: nil, shape: nil))
            case .safetensors(let header):
                pieces.append(
                    InputPiece(
                        name: "header of \(input.path)", file: file, range: 0..<header.headerBytes.count, type: nil,
                        shape: nil))
                pieces += header.entries.map {
                    InputPiece(name: $0.name, file: file, range: $0.bytes, type: $0.type, shape: $0.shape)
                }
            }
            jobs.append(.file(index: index, size: file.size, pieces, isLFS: input.isLFS))
            jobs += pieces.map { .piece(index: index, $0) }
        }
        return jobs
    }

    private func hash(_ job: Job) throws -> Outcome {
        switch job {
        case .file(let index, let size, let pieces, let isLFS):
            return .file(index: index, try hash(pieces, size: size, isLFS: isLFS))
        case .piece(let index, let piece):
            return .piece(index: index, try hash(piece))
        }
    }

    /// Hashes a file as a whole; its pieces are all of it, in order.
    private func hash(_ pieces: [InputPiece], size: Int, isLFS: Bool) throws -> HashedWhole {
        var sha256 = try StreamingHash(.sha256)
        var blob = try GitBlobHasher(size: size)
        var keys: [BlockKey] = []
        for piece in pieces {
            for position in 0..<piece.grid.chunkCount {
                let bytes = try piece.chunk(position)
                sha256.update(bytes)
                if !isLFS { blob.update(bytes) }
                keys.append(bytes.withUnsafeBytes { FastHash.blockKey($0) })
                progress.advance(bytes.count)
            }
        }
        let digest = Digest(uncheckedBytes: sha256.finish())
        let id = isLFS ? try LFSPointer.blobID(sha256: digest, size: size) : try blob.finish()
        return HashedWhole(sha256: digest, gitBlobID: id, blockKeys: keys)
    }

    private func hash(_ piece: InputPiece) throws -> HashedPiece {
        var sha256 = try StreamingHash(.sha256)
        var keys: [BlockKey] = []
        for position in 0..<piece.grid.chunkCount {
            let bytes = try piece.chunk(position)
            sha256.update(bytes)
            keys.append(bytes.withUnsafeBytes { FastHash.blockKey($0) })
            progress.advance(bytes.count)
        }
        return HashedPiece(piece: piece, digest: Digest(uncheckedBytes: sha256.finish()), blockKeys: keys)
    }
}
