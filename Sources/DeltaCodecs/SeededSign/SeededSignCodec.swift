internal import DeltaicCore
internal import Kernels

/// Our own codec: each block of a delta moves along the nearest of many directions that the decoder draws from a seed, so that
/// no bit goes to positions, and few to values.
///
/// A random mask with one sign for each survivor keeps 2/pi of the squared correlation that its bits could buy; the best of
/// 2^k random directions for k bits keeps nearly all that rate-distortion theory allows (Sakrison 1968; Cover and Thomas, section 10.3).
/// Directions are rows of a Hadamard matrix under random signs, so the search is a fast transform. Amplitudes are unbiased
/// (<D_hat, D> = <D, D>), after `shared/methods.md`, section 13: least-squares amplitudes would shrink the delta.
struct SeededSignCodec: LossyCodec {
    var id: CodecID { .seededSign }

    /// Bits for a weight, all that the term stores included.
    let bits: Double
    /// What <D_hat, D> / <D, D> is to be: 1, or less where noise would hurt more than a smaller step.
    let gain: Double
    /// The multiple of the base that is taken out first; 0 for none.
    let baseScale: Float

    /// The terms of the base's multiple and of at most seven rounds.
    static let roundLimit = 7

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard bits * Double(tensor.elementCount) > roundBudget(tensor) else {
            return try encodeOnce(tensor, coder: coder, sink: sink)
        }
        var budget = bits * Double(tensor.elementCount)
        var rounds: [SeededRound] = []
        var total = 0.0
        while rounds.count < Self.roundLimit {
            let rows = try rowSquares(tensor, after: rounds, coder: coder)
            if rounds.isEmpty { total = rows.reduce(0, +) }
            let perRound = min(budget, roundBudget(tensor))
            let allocation = allocation(tensor, rowSquares: rows, budget: perRound)
            guard !allocation.points.allSatisfy({ $0 == nil }) else { break }
            // Keys of rounds differ in a fixed odd step.
            var round = SeededRound(
                key: tensor.key &+ UInt64(rounds.count) &* 0x9E37_79B9_7F4A_7C15, allocation: allocation)
            for position in 0..<tensor.chunkCount {
                let (residual, context) = try residual(tensor, position, after: rounds, coder: coder)
                round.encode(residual, context: context)
            }
            round.setLeastSquaresAmplitudes()
            rounds.append(round)
            budget -= perRound
            if budget < 0.02 * Double(tensor.elementCount) { break }
        }
        if rounds.count == 1 {
            rounds[0].setUnbiasedAmplitudes(gain: gain)
        } else {
            // Rounds refine each other, so one factor serves all: each takes its part of <D, D> away.
            let kept = rounds.reduce(0) { $0 + $1.product }
            for index in rounds.indices where kept > 0 { rounds[index].scaleAmplitudes(by: gain * total / kept) }
        }
        for position in 0..<tensor.chunkCount {
            let context = try context(tensor, position, base: [])
            var terms: [LossyTerm] = baseScale == 0 ? [] : [BaseScaleTerm.encode(baseScale)]
            for round in rounds { terms.append(try round.term(position, context: context, coder: coder)) }
            try sink.append(terms)
        }
    }

    /// One round whose amplitudes are those of each chunk: every chunk is read once, and proven while it is still at hand.
    private func encodeOnce(
        _ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink
    ) throws(DeltaicError) {
        let allocation = allocation(
            tensor, rowSquares: try rowSquares(tensor, after: [], coder: coder),
            budget: bits * Double(tensor.elementCount))
        let empty = SeededRound(key: tensor.key, allocation: allocation)
        for position in 0..<tensor.chunkCount {
            let (residual, context) = try residual(tensor, position, after: [], coder: coder)
            var terms: [LossyTerm] = baseScale == 0 ? [] : [BaseScaleTerm.encode(baseScale)]
            if allocation.points.contains(where: { $0 != nil }) {
                var round = empty
                round.encode(residual, context: context)
                round.setUnbiasedAmplitudes(gain: gain)
                terms.append(try round.term(0, context: context, coder: coder))
            }
            try sink.append(terms)
        }
    }

    private func allocation(_ tensor: any DeltaSource, rowSquares: [Double], budget: Double) -> LevelAllocation {
        LevelAllocation(
            rowSquares: rowSquares, columns: tensor.columns, budget: budget - parameterBits(tensor),
            chunks: tensor.chunkCount)
    }

    /// The most bits that one round takes.
    private func roundBudget(_ tensor: any DeltaSource) -> Double { Double(tensor.elementCount) + overhead(tensor) }

    private func parameterBits(_ tensor: any DeltaSource) -> Double { Double(tensor.chunkCount * 8 * 12) }

    private func overhead(_ tensor: any DeltaSource) -> Double {
        parameterBits(tensor) + 4 * Double(tensor.rows + 64 * tensor.chunkCount)
    }

    private func context(
        _ tensor: any DeltaSource, _ position: Int, base: [Float]
    ) throws(DeltaicError) -> TermContext {
        let elements = tensor.elementRange(ofChunk: position)
        return TermContext(
            firstElement: elements.lowerBound, count: elements.count, columns: tensor.columns, base: base)
    }

    /// What is left of a chunk's delta after the base's multiple and the rounds so far.
    private func residual(
        _ tensor: any DeltaSource, _ position: Int, after rounds: [SeededRound], coder: any StreamCoder
    ) throws(DeltaicError) -> ([Float], TermContext) {
        let chunk = try tensor.chunk(position)
        let context = try context(tensor, position, base: chunk.base)
        guard baseScale != 0 || !rounds.isEmpty else { return (chunk.delta, context) }
        var sum = [Float](repeating: 0, count: chunk.delta.count)
        if baseScale != 0 {
            try BaseScaleTerm().add(
                BaseScaleTerm.encode(baseScale).streams, to: &sum, context: context, shared: NoSharedBytes(),
                coder: coder)
        }
        for round in rounds {
            try SeededSignTerm().add(
                round.term(position, context: context, coder: coder).streams, to: &sum, context: context,
                shared: NoSharedBytes(), coder: coder)
        }
        var delta = chunk.delta
        for index in delta.indices { delta[index] -= sum[index] }
        return (delta, context)
    }

    private func rowSquares(
        _ tensor: any DeltaSource, after rounds: [SeededRound], coder: any StreamCoder
    ) throws(DeltaicError) -> [Double] {
        if rounds.isEmpty, baseScale == 0 { return tensor.statistics.rowSquares }
        var squares = [Double](repeating: 0, count: tensor.rows)
        for position in 0..<tensor.chunkCount {
            let (residual, context) = try residual(tensor, position, after: rounds, coder: coder)
            residual.withUnsafeBufferPointer { residual in
                for row in context.rows {
                    squares[row] += SquareSum.of(
                        UnsafeBufferPointer(rebasing: residual[context.elements(ofRow: row)]))
                }
            }
        }
        return squares
    }
}
