internal import DeltaCodecs
public import DeltaicCore
internal import PackFormat
internal import Synchronization

/// Takes the bytes of one file that a client sends, and makes them durable if they are the right ones.
///
/// They go into a pack of one object whose chunks are stored as they are: from then on they are read like any other object. Dropped
/// before it is finished, it leaves nothing.
public final class UploadWriter: Sendable {
    /// The SHA-256 that the file has to have.
    public let digest: Digest
    public let size: Int
    /// Nil once it is finished, or has failed.
    private let pack: Mutex<UploadPack?>

    init(digest: Digest, size: Int, folder: String) throws(DeltaicError) {
        self.digest = digest
        self.size = size
        pack = Mutex(try UploadPack(digest: digest, size: size, folder: folder))
    }

    /// Takes the next bytes.
    ///
    /// - Throws: `.uploadMismatch` if there are more than the file has, `.ioFailure` or `.noSpace`.
    public func append(_ bytes: [UInt8]) throws(DeltaicError) {
        try pack.withLock { pack throws(DeltaicError) in try Self.open(pack).append(bytes) }
    }

    /// Compares the bytes with the SHA-256, and makes them durable.
    ///
    /// - Throws: `.uploadMismatch` if they are not the ones that were announced; then nothing is kept.
    public func finish() throws(DeltaicError) {
        try pack.withLock { pack throws(DeltaicError) in
            let ending = try Self.open(pack)
            pack = nil
            try ending.finish()
        }
    }

    private static func open(_ pack: UploadPack?) throws(DeltaicError) -> UploadPack {
        guard let pack else { throw DeltaicError(.uploadMismatch, "the upload is over already") }
        return pack
    }
}

/// The pack that an upload is written to.
private final class UploadPack {
    private let digest: Digest
    private let size: Int
    private let writer: PackWriter
    private var hash: StreamingHash
    private var pending: [UInt8] = []
    private var count = 0

    init(digest: Digest, size: Int, folder: String) throws(DeltaicError) {
        self.digest = digest
        self.size = size
        writer = try PackWriter(directory: folder)
        hash = try StreamingHash(.sha256)
        try writer.beginObject(ObjectDescription(digest: digest, type: nil, elementCount: size, base: nil))
    }

    func append(_ bytes: [UInt8]) throws(DeltaicError) {
        guard count + bytes.count <= size else {
            throw mismatch("more bytes came than the file has", expected: "\(size) bytes", found: "more")
        }
        count += bytes.count
        hash.update(bytes)
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(ChunkGrid.chunkBytes - pending.count)
            pending.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if pending.count == ChunkGrid.chunkBytes { try writeChunk() }
        }
    }

    func finish() throws(DeltaicError) {
        guard count == size else {
            throw mismatch("the file ended early; send it again", expected: "\(size) bytes", found: "\(count)")
        }
        if !pending.isEmpty { try writeChunk() }
        try writer.endObject()
        var ended = try StreamingHash(.sha256)
        swap(&ended, &hash)
        let found = Digest(uncheckedBytes: ended.finish())
        guard found == digest else {
            throw mismatch("the bytes have another SHA-256 than was announced", expected: digest.hex, found: found.hex)
        }
        let name = UploadStore.fileName(of: digest)
        _ = try writer.finish { _ in name }
    }

    private func writeChunk() throws(DeltaicError) {
        // Stored as they are: they are encoded against a base later, in the background.
        let stream = EncodedStream(encoding: .stored, rawLength: pending.count, bytes: pending)
        try writer.append(
            codec: CodecID.solo.number, streams: [stream], rawChecksum: FastHash.checksum(pending))
        pending.removeAll(keepingCapacity: true)
    }

    private func mismatch(_ message: String, expected: String, found: String) -> DeltaicError {
        DeltaicError(
            .uploadMismatch, message, at: ["file \(digest.hex)"], expected: expected, found: found,
            advice: "nothing of it was kept")
    }
}
