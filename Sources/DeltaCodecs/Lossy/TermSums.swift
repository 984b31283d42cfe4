internal import DeltaicCore

/// Terms that a codec made of a tensor, kept in memory, with the bytes that they share.
final class TermRecorder: TermSink {
    private(set) var chunks: [[LossyTerm]] = []
    private(set) var shared: [(digest: Digest, bytes: [UInt8])] = []
    private let sink: any TermSink

    /// - Parameter sink: what keeps the shared bytes.
    init(sharingWith sink: any TermSink) {
        self.sink = sink
    }

    func share(_ bytes: [UInt8]) throws(DeltaicError) -> Digest {
        let digest = try sink.share(bytes)
        if !shared.contains(where: { $0.digest == digest }) { shared.append((digest, bytes)) }
        return digest
    }

    func append(_ terms: [LossyTerm]) throws(DeltaicError) {
        chunks.append(terms)
    }
}

/// Puts terms before those of a codec.
final class PrefixingSink: TermSink {
    private let sink: any TermSink
    private let first: [[LossyTerm]]
    private var position = 0

    /// - Parameter first: for each chunk.
    init(_ sink: any TermSink, first: [[LossyTerm]]) {
        self.sink = sink
        self.first = first
    }

    func share(_ bytes: [UInt8]) throws(DeltaicError) -> Digest { try sink.share(bytes) }

    func append(_ terms: [LossyTerm]) throws(DeltaicError) {
        try sink.append(first[position] + terms)
        position += 1
    }
}

/// What terms leave of a delta: a codec that encodes this compensates those before it.
struct ResidualSource: DeltaSource {
    private let tensor: any DeltaSource
    private let terms: [[LossyTerm]]
    private let shared: SharedTable
    private let coder: any StreamCoder
    private(set) var statistics = DeltaStatistics()

    /// - Parameter terms: of every chunk.
    /// - Throws: `.codecMisuse` if they are not of all chunks; what reading throws.
    init(
        _ tensor: any DeltaSource, after terms: [[LossyTerm]], shared: [(digest: Digest, bytes: [UInt8])],
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard terms.count == tensor.chunkCount else {
            throw DeltaicError(
                .codecMisuse, "a codec did not encode all chunks", at: [tensor.name],
                expected: "\(tensor.chunkCount)", found: "\(terms.count)")
        }
        self.tensor = tensor
        self.terms = terms
        self.shared = SharedTable(bytes: shared)
        self.coder = coder
        for position in 0..<tensor.chunkCount { statistics.add(try chunk(position), columns: columns) }
    }

    var name: String { tensor.name }
    var type: ElementType { tensor.type }
    var rows: Int { tensor.rows }
    var columns: Int { tensor.columns }
    var chunkCount: Int { tensor.chunkCount }
    var key: UInt64 { tensor.key }

    func secondMoments() throws(DeltaicError) -> [Float]? { try tensor.secondMoments() }
    func tail(ofChunk position: Int) throws(DeltaicError) -> [UInt8] { try tensor.tail(ofChunk: position) }

    /// The base as it is, and delta less the terms: the statistics of the weights are those of the base plus that.
    func chunk(_ position: Int) throws(DeltaicError) -> DeltaChunk {
        let chunk = try tensor.chunk(position)
        let context = tensor.termContext(position, base: chunk.base)
        var sum = [Float](repeating: 0, count: chunk.delta.count)
        for term in terms[position] {
            try TermTable.decoder(of: term.kind).add(
                term.streams, to: &sum, context: context, shared: shared, coder: coder)
        }
        var delta = chunk.delta
        for index in delta.indices { delta[index] -= sum[index] }
        return DeltaChunk(baseWords: chunk.baseWords, base: chunk.base, delta: delta)
    }
}

extension DeltaSource {
    /// What decoders of terms will know of a chunk.
    func termContext(_ position: Int, base: [Float] = []) -> TermContext {
        let elements = elementRange(ofChunk: position)
        return TermContext(firstElement: elements.lowerBound, count: elements.count, columns: columns, base: base)
    }

    /// The whole delta as a matrix.
    func matrix() throws(DeltaicError) -> Matrix {
        Matrix(rows: rows, columns: columns, values: try wholeDelta())
    }

    /// The second moments as a matrix; nil if there are none, or nothing but zeros.
    ///
    /// - Throws: `.codecMisuse` if they are of another size, `.notFinite`.
    func momentMatrix() throws(DeltaicError) -> Matrix? {
        guard let values = try secondMoments() else { return nil }
        guard values.count == columns * columns else {
            throw DeltaicError(
                .codecMisuse, "the second moments do not fit the weight", at: [name],
                expected: "\(columns) x \(columns) values", found: "\(values.count)")
        }
        let matrix = Matrix(rows: columns, columns: columns, values: values)
        try matrix.requireFinite("the second moments of \(name)")
        return values.contains { $0 != 0 } ? matrix : nil
    }
}
