/// How a stream's bytes are to be made smaller.
public enum StreamEffort: Sendable {
    /// Entropy coding only: for symbols that do not repeat in sequences (exponents, classes).
    case literals
    /// Entropy coding and matches: for tables and bitmaps.
    case matches
    /// The same with a longer search: for text, which is small next to tensors.
    case text
    /// Literals and matches are tried, and the smaller is kept.
    case smallest
}

/// The entropy stage as codecs see it: they shape bytes, it makes them small, or leaves them as they are.
public protocol StreamCoder: Sendable {
    /// Returns the stream in the form that is stored: whichever is smaller of stored and compressed.
    ///
    /// - Parameters:
    ///   - boundaries: offsets at which the statistics change; the coder may start new tables there.
    func encode(_ raw: [UInt8], effort: StreamEffort, boundaries: [Int]) throws(DeltaicError) -> EncodedStream

    /// Returns the raw bytes of a stream.
    ///
    /// - Throws: `.overBudget` if the declared raw length is over `limit` (checked before allocation), or a damage code if
    ///   the bytes do not decode to exactly the declared length.
    func decode(_ stream: EncodedStream, limit: Int) throws(DeltaicError) -> [UInt8]
}

extension StreamCoder {
    public func encode(_ raw: [UInt8], effort: StreamEffort) throws(DeltaicError) -> EncodedStream {
        try encode(raw, effort: effort, boundaries: [])
    }
}

/// A stream as it is stored.
public struct EncodedStream: Sendable, Equatable {
    /// How the bytes are stored; the numbers are those of `Schema/pack/pack-format.md`, section 4.
    public enum Encoding: UInt8, Sendable {
        case stored = 0
        case zstd = 1
        /// One byte, repeated.
        case constant = 2
    }

    public let encoding: Encoding
    public let rawLength: Int
    public let bytes: [UInt8]

    public init(encoding: Encoding, rawLength: Int, bytes: [UInt8]) {
        self.encoding = encoding
        self.rawLength = rawLength
        self.bytes = bytes
    }
}
