internal import DeltaicCore

/// A record of a shard: a hash and four numbers, whose meaning depends on where it stands.
struct ShardRecord: Sendable {
    static let length = 48

    /// What the first record of every shard has in place of a hash.
    static let magic = XetHash(
        bytes: Array("HFRepoMetaData".utf8) + [
            0x00, 0x55, 0x69, 0x67, 0x45, 0x6a, 0x7b, 0x81, 0x57, 0x83, 0xa5, 0xbd, 0xd9, 0x5c, 0xcd, 0xd1, 0x4a, 0xa9,
        ])
    private static let bookend = [UInt8](repeating: 0xff, count: XetHash.byteCount)

    let hash: XetHash
    let words: [UInt32]

    /// Whether it ends a section.
    var isBookend: Bool { hash.bytes == Self.bookend }

    /// Nil unless there are as many bytes as a record has.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.length, let hash = XetHash(bytes: bytes.prefix(XetHash.byteCount)) else { return nil }
        self.hash = hash
        let numbers = bytes.dropFirst(XetHash.byteCount)
        words = stride(from: numbers.startIndex, to: numbers.endIndex, by: 4).map { start in
            (0..<4).reduce(0) { $0 | UInt32(numbers[start + $1]) << UInt32(8 * $1) }
        }
    }
}

/// Reads the records of a shard one after another, a piece of the file at a time.
struct ShardRecords {
    private static let pieceLength = 1024 * ShardRecord.length

    /// Where the next record begins.
    private(set) var offset: Int
    private let file: ReadOnlyFile
    private var piece: [UInt8] = []
    private var pieceStart: Int

    init(_ file: ReadOnlyFile, from offset: Int) {
        self.file = file
        self.offset = offset
        pieceStart = offset
    }

    var remaining: Int { file.size - offset }

    /// - Throws: `.malformedShard` if the file ends before.
    mutating func next(_ kind: String) throws(DeltaicError) -> ShardRecord {
        try check(1, kind)
        if offset + ShardRecord.length > pieceStart + piece.count {
            piece = try file.read(offset..<min(offset + Self.pieceLength, file.size))
            pieceStart = offset
        }
        let start = offset - pieceStart
        guard let record = ShardRecord(piece[start..<start + ShardRecord.length]) else {
            throw .shard("a shard is cut off", at: ["offset \(offset)"], expected: kind)
        }
        offset += ShardRecord.length
        return record
    }

    /// - Throws: `.malformedShard` if there are not so many records left.
    func check(_ count: Int, _ kind: String) throws(DeltaicError) {
        guard count <= remaining / ShardRecord.length else {
            throw .shard(
                "a shard is cut off", at: ["offset \(offset)"], expected: "\(count) records (\(kind))",
                found: "\(remaining) bytes")
        }
    }

    mutating func skip(_ count: Int, _ kind: String) throws(DeltaicError) {
        try check(count, kind)
        offset += count * ShardRecord.length
    }
}
