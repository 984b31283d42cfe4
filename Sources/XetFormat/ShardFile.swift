public import DeltaicCore

/// A shard on disk: how files are put together from chunks of xorbs.
///
/// Opening it reads all of it once, in pieces; the terms of a file are read again when they are asked for.
public final class ShardFile: Sendable {
    /// The most bytes of a shard: clients begin another one at 64 MiB.
    public static let longest = 65 << 20
    /// The most files of a shard.
    public static let mostFiles = 65_536

    private static let version = 2

    public let files: [ShardedFile]
    private let file: ReadOnlyFile

    /// - Throws: `.malformedShard` if the file is no shard, or one that does not tell the SHA-256 of each of its files.
    public init(path: String) throws(DeltaicError) {
        let file = try ReadOnlyFile(path: path)
        guard file.size <= Self.longest else {
            throw .shard("a shard is too long", expected: "at most \(Self.longest) bytes", found: "\(file.size)")
        }
        var records = ShardRecords(file, from: 0)
        let footerLength = try Self.footerLength(try records.next("header"))
        files = try Self.files(&records)
        try Self.skipXorbs(&records)
        // A footer serves caches of clients; those leave it away in what they upload.
        guard records.remaining >= footerLength, footerLength > 0 || records.remaining == 0 else {
            throw .shard(
                "a shard ends elsewhere than it says", at: ["offset \(records.offset)"],
                expected: "a footer of \(footerLength) bytes", found: "\(records.remaining)")
        }
        self.file = file
    }

    /// Calls `body` for each term of one of the ``files``, in order.
    public func terms(of entry: ShardedFile, each body: (ShardTerm) throws -> Void) throws {
        var records = ShardRecords(file, from: entry.firstTerm)
        for _ in 0..<entry.termCount {
            try body(try ShardTerm(&records))
        }
    }

    /// Reads the header.
    private static func footerLength(_ header: ShardRecord) throws(DeltaicError) -> Int {
        guard header.hash == ShardRecord.magic else { throw .shard("this is no shard: its magic is missing") }
        let version = UInt64(header.words[0]) | UInt64(header.words[1]) << 32
        guard version == Self.version else {
            throw .shard("unknown version of a shard", expected: "\(Self.version)", found: "\(version)")
        }
        let length = UInt64(header.words[2]) | UInt64(header.words[3]) << 32
        guard length <= Self.longest else {
            throw .shard("a footer is too long", expected: "at most \(Self.longest) bytes", found: "\(length)")
        }
        return Int(length)
    }

    private static func files(_ records: inout ShardRecords) throws(DeltaicError) -> [ShardedFile] {
        var files: [ShardedFile] = []
        while true {
            let header = try records.next("file")
            if header.isBookend { return files }
            guard files.count < mostFiles else {
                throw .shard("a shard has too many files", expected: "at most \(mostFiles)")
            }
            files.append(try ShardedFile(header, &records))
        }
    }

    /// The second section names chunks by hashes of their content, which are not needed to put files together.
    private static func skipXorbs(_ records: inout ShardRecords) throws(DeltaicError) {
        while true {
            let header = try records.next("xorb")
            if header.isBookend { return }
            try records.skip(Int(header.words[1]), "chunks of a xorb")
        }
    }
}
