internal import DeltaicCore
internal import Kernels

/// What a term stores of a seeded mask: from these two numbers the decoder draws it again.
struct StoredMask: Sendable {
    let key: UInt64
    /// The share of elements that are kept, in 65,536ths.
    let threshold: Int

    init(key: UInt64, threshold: Int) {
        self.key = key
        self.threshold = threshold
    }

    /// - Throws: `.malformedChunk` naming `rule` for a threshold that is too large.
    init(from reader: inout ByteReader, rule: String) throws(DeltaicError) {
        key = try reader.uint64("key")
        threshold = try reader.varint("\(rule): threshold", limit: SeededMask.all)
    }

    func write(to writer: inout ByteWriter) {
        writer.integer(key)
        writer.varint(threshold)
    }

    func seeded(domain: UInt32) -> SeededMask { SeededMask(key: key, domain: domain, threshold: threshold) }
}

extension Optional where Wrapped == StoredMask {
    /// The elements of a chunk that a term keeps, ascending: those of the mask, or without one those of the second of three streams.
    ///
    /// - Parameter rule: that there are two streams with a mask, three without.
    func positions(
        of streams: [EncodedStream], domain: UInt32, context: TermContext, rule: String, coder: any StreamCoder
    ) throws(DeltaicError) -> [UInt32] {
        guard let self else {
            try streams.require(3, rule)
            return try PositionStream.decode(streams[1], count: context.count, coder: coder)
        }
        try streams.require(2, rule)
        return self.seeded(domain: domain).positions(
            in: context.firstElement..<context.firstElement + context.count)
    }
}
