internal import DeltaicCore

/// A Git pack of whole objects, made piece by piece.
struct GitPackStream: ~Copyable {
    private var hash: StreamingHash
    /// The first bytes.
    let header: [UInt8]

    /// - Parameter objectCount: how many entries will follow.
    init(objectCount: Int) throws(DeltaicError) {
        let header = try Self.header(objectCount: objectCount)
        var hash = try StreamingHash(.sha1)
        hash.update(header)
        self.hash = hash
        self.header = header
    }

    private static func header(objectCount: Int) throws(DeltaicError) -> [UInt8] {
        guard let count = UInt32(exactly: objectCount) else {
            throw DeltaicError(.unsupported, "a Git pack cannot hold \(objectCount) objects")
        }
        return Array("PACK".utf8) + [0, 0, 0, 2] + withUnsafeBytes(of: count.bigEndian) { Array($0) }
    }

    /// The next object: its kind and size in groups of bits, the lowest first, and its body as a zlib stream.
    mutating func entry(_ object: GitObject) throws(DeltaicError) -> [UInt8] {
        let kind: UInt8 =
            switch object.kind {
            case .commit: 1
            case .tree: 2
            case .blob: 3
            }
        var size = object.body.count
        var bytes = [kind << 4 | UInt8(size & 15)]
        size >>= 4
        while size > 0 {
            bytes[bytes.count - 1] |= 0x80
            bytes.append(UInt8(size & 0x7f))
            size >>= 7
        }
        bytes += try ZlibStream.deflate(object.body)
        hash.update(bytes)
        return bytes
    }

    /// The last bytes: the SHA-1 of all before.
    consuming func finish() -> [UInt8] { hash.finish() }
}

/// Gathers the pieces of a pack, and frames them if the client wants messages beside them.
struct GitBand {
    /// Whether the pack is in lines that begin with the number of its band.
    let isFramed: Bool
    private var gathered: [UInt8] = []

    private static let pieceLimit = 32 << 10

    init(isFramed: Bool) {
        self.isFramed = isFramed
    }

    mutating func add(_ bytes: [UInt8], send: ([UInt8]) async throws -> Void) async throws {
        gathered += bytes
        var sent = 0
        while gathered.count - sent >= Self.pieceLimit {
            try await send(framed(Array(gathered[sent..<sent + Self.pieceLimit])))
            sent += Self.pieceLimit
        }
        gathered.removeFirst(sent)
    }

    mutating func end(send: ([UInt8]) async throws -> Void) async throws {
        if !gathered.isEmpty { try await send(framed(gathered)) }
        gathered = []
        if isFramed { try await send(GitPacketLines.flush) }
    }

    private func framed(_ piece: [UInt8]) -> [UInt8] {
        isFramed ? GitPacketLines.line([1] + piece) : piece
    }
}
