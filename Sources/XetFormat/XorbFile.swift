public import DeltaicCore

/// A xorb on disk: a run of chunks, and perhaps a footer.
///
/// Opening it reads the headers of all chunks, and nothing else; a chunk's bytes are checked when they are decoded.
public final class XorbFile: Sendable {
    /// The most bytes of a xorb: 64 MiB of chunks, and room for a footer and for the headers.
    public static let longest = 65 << 20
    /// The most chunks of a xorb: twice what a client puts in one.
    public static let mostChunks = 16_384

    public let chunks: [XorbChunk]
    public let byteCount: Int
    private let file: ReadOnlyFile

    /// - Throws: `.malformedXorb` if the file is no xorb.
    public init(path: String) throws(DeltaicError) {
        let file = try ReadOnlyFile(path: path)
        guard file.size <= Self.longest else {
            throw .xorb("a xorb is too long", expected: "at most \(Self.longest) bytes", found: "\(file.size)")
        }
        var chunks: [XorbChunk] = []
        var offset = 0
        while offset < file.size, try !XorbFooter.begins(at: offset, of: file) {
            guard chunks.count < Self.mostChunks else {
                throw .xorb("a xorb has too many chunks", expected: "at most \(Self.mostChunks)")
            }
            guard file.size - offset >= XorbChunk.headerLength else {
                throw .xorb("the header of a chunk is cut off", at: ["offset \(offset)"])
            }
            let chunk = try XorbChunk(header: try file.read(offset..<offset + XorbChunk.headerLength), at: offset)
            guard chunk.end <= file.size else {
                throw .xorb(
                    "a chunk is cut off", at: ["offset \(offset)"], expected: "\(chunk.storedLength) bytes",
                    found: "\(file.size - chunk.offset)")
            }
            chunks.append(chunk)
            offset = chunk.end
        }
        guard !chunks.isEmpty else { throw .xorb("a xorb has no chunk") }
        if offset < file.size { try XorbFooter.check(at: offset, of: file) }
        self.chunks = chunks
        byteCount = file.size
        self.file = file
    }

    /// The bytes of some chunks together.
    ///
    /// - Throws: `.malformedXorb` if there are not so many chunks.
    public func rawLength(of range: Range<Int>) throws(DeltaicError) -> Int {
        try check(range)
        return chunks[range].reduce(0) { $0 + $1.rawLength }
    }

    /// Decodes chunks one by one.
    ///
    /// - Throws: `.malformedXorb` if there are not so many chunks, or one does not decode to its length; what `body` throws.
    public func decode(_ range: Range<Int>, each body: ([UInt8]) throws -> Void) throws {
        try check(range)
        let decoder = try LZ4FrameDecoder()
        for position in range {
            let raw = try naming("chunk \(position)") { try decoder.decode(chunks[position], of: file) }
            try body(raw)
        }
    }

    private func check(_ range: Range<Int>) throws(DeltaicError) {
        guard range.lowerBound >= 0, range.upperBound <= chunks.count else {
            throw .xorb("a xorb has no such chunks", expected: "\(range)", found: "\(chunks.count) chunks")
        }
    }
}

extension LZ4FrameDecoder {
    fileprivate func decode(_ chunk: XorbChunk, of file: ReadOnlyFile) throws(DeltaicError) -> [UInt8] {
        let stored = try file.read(chunk.offset..<chunk.end)
        switch chunk.coding {
        case .none: return stored
        case .lz4: return try decode(stored, rawLength: chunk.rawLength)
        case .groupedLZ4: return ByteGroups.joined(try decode(stored, rawLength: chunk.rawLength))
        }
    }
}
