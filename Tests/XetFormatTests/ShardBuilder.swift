internal import DeltaicCore

/// Writes shards, right or wrong, for tests.
struct ShardBuilder {
    private var writer = ByteWriter()

    var bytes: [UInt8] { writer.bytes }

    init(version: Int = 2, footerLength: Int = 0) {
        writer.append("HFRepoMetaData".utf8)
        writer.append([0, 85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169])
        writer.integer(UInt64(version))
        writer.integer(UInt64(footerLength))
    }

    /// Adds a file; its terms are raw lengths and ranges of chunks.
    mutating func addFile(
        terms: [(Int, Range<Int>)], verified: Bool = true, flags: UInt32? = nil, hasDigest: Bool = true,
        count: UInt32? = nil
    ) {
        addFile(
            rawTerms: terms.map { ($0.0, $0.1.lowerBound, $0.1.upperBound) }, verified: verified, flags: flags,
            hasDigest: hasDigest, count: count)
    }

    /// Adds a file; its terms are raw lengths, first chunks, and ends of chunks.
    mutating func addFile(
        rawTerms: [(Int, Int, Int)], verified: Bool = true, flags: UInt32? = nil, hasDigest: Bool = true,
        count: UInt32? = nil
    ) {
        record(1, flags ?? (verified ? 3 << 30 : 1 << 30), count ?? UInt32(rawTerms.count))
        for (length, start, end) in rawTerms { record(2, 0, UInt32(length), UInt32(start), UInt32(end)) }
        if verified { for _ in rawTerms { record(3) } }
        if hasDigest { record(4) }
    }

    mutating func addXorb(chunks: Int, count: UInt32? = nil) {
        record(2, 0, count ?? UInt32(chunks))
        for _ in 0..<chunks { record(5) }
    }

    mutating func endSection() { record(0xff) }

    private mutating func record(_ hash: UInt8, _ words: UInt32...) {
        writer.append([UInt8](repeating: hash, count: 32))
        for position in 0..<4 { writer.integer(position < words.count ? words[position] : 0) }
    }
}
