public import DeltaicCore

/// A file of a shard.
public struct ShardedFile: Sendable, Equatable {
    private static let verificationFlag: UInt32 = 1 << 31
    private static let metadataFlag: UInt32 = 1 << 30

    /// Its name in the Xet protocol.
    public let hash: XetHash
    public let digest: Digest
    /// What its terms add up to.
    public let size: Int
    public let termCount: Int
    /// Where its terms begin in the shard.
    let firstTerm: Int

    /// Reads what follows the header of a file.
    init(_ header: ShardRecord, _ records: inout ShardRecords) throws(DeltaicError) {
        hash = header.hash
        let places = ["file \(header.hash)"]
        let flags = header.words[0]
        guard flags & ~(Self.verificationFlag | Self.metadataFlag) == 0 else {
            throw .shard("unknown flags of a file", at: places, found: "0x" + String(flags, radix: 16))
        }
        guard flags & Self.metadataFlag != 0 else {
            throw .shard(
                "the shard does not tell the SHA-256 of a file", at: places,
                advice: "send it in the file's metadata, as hf_xet 1.1 and later do")
        }
        termCount = Int(header.words[1])
        firstTerm = records.offset
        try records.check(termCount, "terms of a file")
        var size = 0
        for _ in 0..<termCount {
            size += try ShardTerm(&records).rawLength
        }
        self.size = size
        if flags & Self.verificationFlag != 0 { try records.skip(termCount, "verification of a file") }
        digest = try records.next("metadata of a file").hash.digest
    }
}

/// A part of a file: some chunks of a xorb.
public struct ShardTerm: Sendable, Equatable {
    public let xorb: XetHash
    public let chunks: Range<Int>
    public let rawLength: Int

    init(_ records: inout ShardRecords) throws(DeltaicError) {
        let place = "offset \(records.offset)"
        let record = try records.next("term")
        let start = Int(record.words[2])
        let end = Int(record.words[3])
        guard start < end, end <= XorbFile.mostChunks else {
            throw .shard(
                "a term has no such chunks", at: [place], expected: "some of 0..<\(XorbFile.mostChunks)",
                found: "\(start) to \(end)")
        }
        xorb = record.hash
        chunks = start..<end
        rawLength = Int(record.words[1])
    }
}
