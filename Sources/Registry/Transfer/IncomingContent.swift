internal import Catalog
internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TensorFiles

/// Decodes all that a pack brings, and all files of its version, and compares every hash.
struct IncomingContent {
    let pack: PackReader
    let files: [FileRecord]
    let reader: ObjectReader
    let workers: WorkerPool
    let progress: any ProgressReport

    /// What decoding found beside that all is well.
    struct Findings {
        var shared: [Digest: Set<Digest>] = [:]
        var blocks: [BlockRecord] = []
        fileprivate var checked: Set<Digest> = []
    }

    private struct Piece: Sendable {
        let bytes: [UInt8]
        let shared: Set<Digest>
        let key: BlockKey?
    }

    /// - Throws: `.contentMismatch`, `.checksumMismatch` or `.malformedPack` naming the file, the tensor and the chunk.
    func run() async throws -> Findings {
        var findings = Findings()
        progress.begin("verifying", totalBytes: files.reduce(0) { $0 + $1.size })
        defer { progress.end() }
        for file in files { try await naming(file.path) { try await check(file, &findings) } }
        // What files are not made of themselves: what their objects are decoded from.
        for object in pack.objects where !findings.checked.contains(object.description.digest) {
            try await check(object.description.digest, &findings) { _ in }
        }
        return findings
    }

    private func check(_ file: FileRecord, _ findings: inout Findings) async throws {
        try checkLayout(file)
        var sha256 = try StreamingHash(.sha256)
        var blob = try GitBlobHasher(size: file.size)
        var size = 0
        let isLFS = file.isLFS
        for digest in file.objects {
            try await check(digest, &findings) { bytes in
                sha256.update(bytes)
                if !isLFS { blob.update(bytes) }
                size += bytes.count
            }
        }
        let digest = Digest(uncheckedBytes: sha256.finish())
        guard size == file.size, digest == file.sha256 else {
            throw DeltaicError(
                .contentMismatch, "the reconstructed file is not the one that the manifest names",
                expected: "\(file.size) bytes, SHA-256 \(file.sha256.short)", found: "\(size) bytes, \(digest.short)")
        }
        if !isLFS {
            let id = try blob.finish()
            guard id == file.gitBlobID else {
                throw DeltaicError(
                    .contentMismatch, "the reconstructed file has another Git blob id", expected: file.gitBlobID.short,
                    found: id.short)
            }
        }
    }

    /// Compares the sizes, and the tensors with those that the header of the file names.
    private func checkLayout(_ file: FileRecord) throws {
        guard case .safetensors(let head, let tensors) = file.content else { return }
        let object = try reader.object(head)
        let length = object.description.byteCount
        guard length <= min(file.size, SafetensorsHeader.maximumLength + 8) else {
            throw DeltaicError(.contentMismatch, "the header is longer than its file, or than a header can be")
        }
        var bytes: [UInt8] = []
        for position in object.chunks.indices { bytes += try reader.chunk(position, of: head) }
        let header = try SafetensorsHeader.parse(bytes, fileSize: file.size)
        guard header.entries.count == tensors.count else {
            throw DeltaicError(
                .contentMismatch, "manifest and header differ in the number of tensors",
                expected: "\(header.entries.count)", found: "\(tensors.count)")
        }
        for (entry, tensor) in zip(header.entries, tensors) {
            guard entry.name == tensor.name, entry.type == tensor.type, entry.shape == tensor.shape else {
                throw DeltaicError(
                    .contentMismatch, "manifest and header differ in the tensor \"\(tensor.name)\"")
            }
            _ = try reader.object(of: tensor)
        }
    }

    /// Decodes an object, and compares it with its SHA-256 if nobody has yet.
    private func check(
        _ digest: Digest, _ findings: inout Findings, consume: ([UInt8]) -> Void
    ) async throws {
        let object = try reader.object(digest)
        let isNew = pack.object(digest) != nil && findings.checked.insert(digest).inserted
        var hash = try StreamingHash(.sha256)
        var position = 0
        var shared: Set<Digest> = []
        try await workers.mapInOrder(object.chunks.indices) { [reader] position in
            guard isNew else {
                return Piece(bytes: try reader.chunk(position, of: digest), shared: [], key: nil)
            }
            let (bytes, shared) = try reader.chunkAndShared(position, of: digest)
            // A block that refers to another one is no place to refer to.
            let isOwn = object.chunks[position].codec != CodecID.reference.number
            let key = isOwn && object.chunks.count > 1 ? bytes.withUnsafeBytes { FastHash.blockKey($0) } : nil
            return Piece(bytes: bytes, shared: shared, key: key)
        } consume: { piece in
            hash.update(piece.bytes)
            consume(piece.bytes)
            shared.formUnion(piece.shared)
            if let key = piece.key {
                findings.blocks.append(BlockRecord(key: key, object: digest, chunk: position))
            }
            position += 1
            progress.advance(piece.bytes.count)
        }
        guard Digest(uncheckedBytes: hash.finish()) == digest else {
            throw DeltaicError(
                .contentMismatch, "the bytes of an object are not those that it is known by",
                at: ["object \(digest.short)"])
        }
        if !shared.isEmpty { findings.shared[digest] = shared }
    }
}
