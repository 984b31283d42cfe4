internal import DeltaicCore
internal import Kernels

/// Signs and scales of one tensor.
///
/// Passes: one to measure the scales of each round (none for the first with one scale), one to write.
struct BitDeltaCodec: LossyCodec {
    let rounds: Int
    let scale: BitDeltaMethod.Scale
    let zeroIsPlus: Bool

    var id: CodecID { .bitDelta }

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard !tensor.statistics.isZero else {
            for _ in 0..<tensor.chunkCount { try sink.append([]) }
            return
        }
        let scales = try measuredScales(tensor)
        let axis = axis(of: tensor)
        let shared: Digest? =
            axis == .sharedColumn ? try sink.share(FloatFormat.bfloat16.words(of: scales.flatMap(\.self))) : nil
        for position in 0..<tensor.chunkCount {
            let context = context(tensor, position)
            let signs = signs(of: try tensor.chunk(position).delta, scales: scales, context: context).signs
            let parameters = BitDeltaTerm.Parameters(
                axis: axis, rounds: rounds, scales: scales.map { $0.of(axis, in: context) }, shared: shared)
            try sink.append([
                LossyTerm(kind: .bitDelta, streams: [.stored(parameters.bytes), .stored(signs)])
            ])
        }
    }

    /// Where the scales of a tensor lie.
    func axis(of tensor: any DeltaSource) -> BitDeltaAxis {
        switch scale {
        case .mean: .tensor
        case .row, .unbiased: .row
        case .column: tensor.chunkCount == 1 ? .column : .sharedColumn
        }
    }

    /// The bytes that a tensor takes, tables, parameters and shared bytes included.
    func byteCount(_ tensor: any DeltaSource) -> Int {
        let axis = axis(of: tensor)
        var bytes = LossyOverhead.tableBytes(tensor)
        for position in 0..<tensor.chunkCount {
            let context = context(tensor, position)
            bytes += BitDeltaTerm.Parameters.byteCount(axis: axis, rounds: rounds, context: context)
            bytes += rounds * SignBits.byteCount(context.count)
        }
        return axis == .sharedColumn ? bytes + 2 * rounds * tensor.columns : bytes
    }

    /// The scales of each round.
    private func measuredScales(_ tensor: any DeltaSource) throws(DeltaicError) -> [[Float]] {
        var scales: [[Float]] = []
        if scale == .mean { scales.append(BitDeltaScales.mean(of: tensor.statistics)) }
        while scales.count < rounds {
            var next = BitDeltaScales(scale, rows: tensor.rows, columns: tensor.columns)
            for position in 0..<tensor.chunkCount {
                let context = context(tensor, position)
                let delta = try tensor.chunk(position).delta
                next.add(signs(of: delta, scales: scales, context: context).rest, context: context)
            }
            scales.append(next.values)
        }
        return scales
    }

    /// The signs of all rounds for which there are scales, one after the other, and what they leave of the delta.
    private func signs(
        of delta: [Float], scales: [[Float]], context: TermContext
    ) -> (signs: [UInt8], rest: [Float]) {
        var rest = delta
        var signs: [UInt8] = []
        signs.reserveCapacity(scales.count * SignBits.byteCount(delta.count))
        for (round, all) in scales.enumerated() {
            let bits = SignBits.pack(rest, zeroIsPlus: zeroIsPlus)
            signs += bits
            // Nobody reads what the last round of all leaves.
            guard round + 1 < rounds else { break }
            let axis: BitDeltaAxis = scale == .mean ? .tensor : scale == .column ? .column : .row
            let own = all.of(axis, in: context).map { -$0 }
            bits.withUnsafeBufferPointer { bits in
                BitDeltaTerm.add(bits, scales: own, axis: axis, to: &rest, context: context)
            }
        }
        return (signs, rest)
    }

    private func context(_ tensor: any DeltaSource, _ position: Int) -> TermContext {
        let range = tensor.elementRange(ofChunk: position)
        return TermContext(firstElement: range.lowerBound, count: range.count, columns: tensor.columns, base: [])
    }
}

extension [Float] {
    /// The scales of a chunk among those of a tensor.
    fileprivate func of(_ axis: BitDeltaAxis, in context: TermContext) -> [Float] {
        axis == .row ? Array(self[context.rows]) : self
    }
}
