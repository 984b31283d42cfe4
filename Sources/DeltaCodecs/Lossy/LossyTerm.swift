public import DeltaicCore

/// One summand of a reconstructed delta, as it is stored in a chunk.
public struct LossyTerm: Sendable {
    /// Which kind of term, by the number of the codec that it belongs to.
    public let kind: CodecID
    public let streams: [EncodedStream]

    public init(kind: CodecID, streams: [EncodedStream]) {
        self.kind = kind
        self.streams = streams
    }
}

/// What the decoder of a term knows of its chunk.
public struct TermContext: Sendable {
    /// The position in the tensor of the chunk's first element, and how many of the chunk's elements the base has.
    public let firstElement: Int
    public let count: Int
    /// The length of a row of the matrix.
    public let columns: Int
    /// The base as binary32; empty where no term of the chunk reads it.
    public let base: [Float]

    public init(firstElement: Int, count: Int, columns: Int, base: [Float]) {
        self.firstElement = firstElement
        self.count = count
        self.columns = columns
        self.base = base
    }

    /// The rows of the matrix that the chunk touches.
    public var rows: Range<Int> {
        guard count > 0 else { return 0..<0 }
        return firstElement / columns..<(firstElement + count - 1) / columns + 1
    }

    /// The chunk's elements of a row, counted from the chunk's first.
    public func elements(ofRow row: Int) -> Range<Int> {
        max(row * columns, firstElement) - firstElement..<min((row + 1) * columns, firstElement + count) - firstElement
    }
}

/// Bytes that the chunks of a tensor share: objects of their own, found by their SHA-256.
public protocol SharedBytes: Sendable {
    func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8]
}

/// For chunks that share nothing.
public struct NoSharedBytes: SharedBytes {
    public init() {}

    public func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
        throw .malformed("C-55", "the chunk needs an object that is not there", found: digest.short)
    }
}

/// Decodes the terms of one kind.
///
/// Deterministic: the same bits on every machine. Binary32 operations are rounded one by one, and no sum depends on the width of
/// vectors or the number of threads.
public protocol TermDecoder: Sendable {
    var kind: CodecID { get }

    /// Adds the term to `delta`, which has `context.count` values.
    ///
    /// - Throws: `.malformedChunk` naming the rule of `Schema/pack/codec-payloads.md` that the streams break.
    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError)
}
