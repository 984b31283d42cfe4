internal import DeltaicCore
internal import Kernels

/// The kept deltas of one tensor.
///
/// Passes: one for a random mask; three by magnitude.
struct DARECodec: LossyCodec {
    enum Choice: Sendable, Equatable {
        /// So many 65,536ths, each element on its own.
        case random(threshold: Int)
        /// All but the floor(n drop) smallest of n.
        case magnitude(drop: Double)
    }

    enum Scaling: Sendable, Equatable {
        case none
        /// By one over the share that is really kept.
        case keepRate
        case divisor(Double)
    }

    let choice: Choice
    let values: DAREValues
    let scaling: Scaling

    var id: CodecID { .dare }

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard keptShare(tensor) > 0, !tensor.statistics.isZero else {
            for _ in 0..<tensor.chunkCount { try sink.append([]) }
            return
        }
        switch choice {
        case .random(let threshold): try encode(tensor, threshold: threshold, sink: sink)
        case .magnitude: try encodeLargest(tensor, sink: sink)
        }
    }

    private func encode(_ tensor: any DeltaSource, threshold: Int, sink: any TermSink) throws(DeltaicError) {
        let stored = StoredMask(key: tensor.key, threshold: threshold)
        let mask = stored.seeded(domain: DARETerm.domain)
        let parameters = DARETerm.Parameters(values: values, factor: factor(tensor), mask: stored)
        for position in 0..<tensor.chunkCount {
            let delta = try tensor.chunk(position).delta
            let kept = SparseValues.gather(
                delta, at: mask.positions(in: tensor.elementRange(ofChunk: position)))
            // Zeros add nothing: a chunk of them has no term.
            let isZero = kept.allSatisfy { $0 == 0 }
            let streams: [EncodedStream] = [.stored(parameters.bytes), .stored(values.format.words(of: kept))]
            try sink.append(isZero ? [] : [LossyTerm(kind: .dare, streams: streams)])
        }
    }

    private func encodeLargest(_ tensor: any DeltaSource, sink: any TermSink) throws(DeltaicError) {
        let kept = keptCount(tensor)
        var selection = MagnitudeSelection()
        for position in 0..<tensor.chunkCount { selection.add(try tensor.chunk(position).delta) }
        selection.beginSecondReading(kept: kept)
        for position in 0..<tensor.chunkCount { selection.add(try tensor.chunk(position).delta) }
        let limit = selection.limit(kept: kept)
        let parameters = DARETerm.Parameters(values: values, factor: factor(tensor), mask: nil)
        var equal = 0
        for position in 0..<tensor.chunkCount {
            let delta = try tensor.chunk(position).delta
            let positions = limit.positions(delta, equal: &equal)
            let words = values.format.words(of: SparseValues.gather(delta, at: positions))
            let streams: [EncodedStream] = [
                .stored(parameters.bytes), PositionStream.encode(positions, count: delta.count), .stored(words),
            ]
            try sink.append(positions.isEmpty ? [] : [LossyTerm(kind: .dare, streams: streams)])
        }
    }

    /// How many elements are kept by magnitude.
    private func keptCount(_ tensor: any DeltaSource) -> Int {
        guard case .magnitude(let drop) = choice else { return 0 }
        return tensor.elementCount - Int((Double(tensor.elementCount) * drop).rounded(.down))
    }

    /// The share of elements that is kept: of those of a random mask, on the average.
    private func keptShare(_ tensor: any DeltaSource) -> Double {
        switch choice {
        case .random(let threshold): Double(threshold) / Double(SeededMask.all)
        case .magnitude: Double(keptCount(tensor)) / Double(max(1, tensor.elementCount))
        }
    }

    /// What kept values are multiplied with.
    func factor(_ tensor: any DeltaSource) -> Float {
        switch scaling {
        case .none: 1
        case .keepRate: Float(1 / keptShare(tensor))
        case .divisor(let divisor): Float(1 / divisor)
        }
    }

    /// The bytes that a tensor takes on the average over masks.
    func expectedBytes(_ tensor: any DeltaSource) -> Double {
        let share = keptShare(tensor)
        guard share > 0, !tensor.statistics.isZero else { return Double(LossyOverhead.tableBytes(tensor, terms: 0)) }
        let kept = share * Double(tensor.elementCount)
        var bytes = Double(LossyOverhead.tableBytes(tensor)) + kept * Double(values.width)
        switch choice {
        case .random(let threshold):
            let parameters = DARETerm.Parameters(
                values: values, factor: 1, mask: StoredMask(key: 0, threshold: threshold))
            bytes += Double(parameters.bytes.count * tensor.chunkCount)
        case .magnitude:
            let parameters = DARETerm.Parameters(values: values, factor: 1, mask: nil)
            bytes += Double(parameters.bytes.count * tensor.chunkCount)
            bytes += PositionStream.expectedBytes(tensor, kept: kept)
        }
        return bytes
    }

    /// The expected |D_hat - D|^2 / |D|^2.
    ///
    /// Kept values have the error of their factor and their rounding, the others are their own error. For random masks with the factor 1 / (1 - p) that
    /// is p / (1 - p).
    func expectedNoise(_ tensor: any DeltaSource, magnitudes: MagnitudeCurve?) -> Double {
        guard !tensor.statistics.isZero else { return 0 }
        let share = keptShare(tensor)
        guard share > 0 else { return 1 }
        let factor = Double(factor(tensor))
        let kept = magnitudes?.shareOfSquares(largest: share) ?? share
        return kept * ((factor - 1) * (factor - 1) + factor * factor * values.relativeNoise) + 1 - kept
    }
}
