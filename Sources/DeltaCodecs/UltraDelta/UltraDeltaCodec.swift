internal import DeltaicCore
internal import Kernels

/// The quantized survivors of one tensor.
///
/// One pass: the values are counted when it is planned.
struct UltraDeltaCodec: LossyCodec {
    /// nil for a tensor whose deltas are all equal.
    let survey: UltraDeltaSurvey?
    /// For each code how many elements are kept; empty with a seeded mask.
    let kept: [Int]
    /// The share of elements that a seeded mask keeps, in 65,536ths; nil where positions are stored.
    let threshold: Int?
    let factor: Float
    let codes: UltraDeltaOptions.Codes

    var id: CodecID { .ultraDelta }

    /// The domain in which survivors whose positions are stored are drawn: nobody needs to draw them again.
    private static let drawDomain: UInt32 = 1 << 31 | UltraDeltaTerm.domain

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard let survey, expectedSurvivors > 0 else {
            // Equal deltas: nothing has to be pruned, so nothing has to be rescaled.
            let constant = survey == nil && !tensor.statistics.isZero ? tensor.statistics.minimum : 0
            let parameters = UltraDeltaTerm.Parameters.constant(constant)
            let term = LossyTerm(kind: .ultraDelta, streams: [.stored(parameters.bytes)])
            for _ in 0..<tensor.chunkCount { try sink.append(constant == 0 ? [] : [term]) }
            return
        }
        let mask = threshold.map { StoredMask(key: tensor.key, threshold: $0) }
        let parameters = UltraDeltaTerm.Parameters.sparse(
            .init(grid: survey.grid, codes: codes, factor: factor, mask: mask))
        let head = EncodedStream.stored(parameters.bytes)
        if let mask {
            let seeded = mask.seeded(domain: UltraDeltaTerm.domain)
            for position in 0..<tensor.chunkCount {
                let delta = try tensor.chunk(position).delta
                let positions = seeded.positions(in: tensor.elementRange(ofChunk: position))
                let codes = survey.grid.codes(of: SparseValues.gather(delta, at: positions))
                try sink.append([
                    LossyTerm(kind: .ultraDelta, streams: [head, try stream(codes, survey.grid, coder: coder)])
                ])
            }
        } else {
            var sampler = LevelSampler(
                counts: survey.counts, kept: kept,
                generator: CounterGenerator(key: tensor.key, domain: Self.drawDomain))
            for position in 0..<tensor.chunkCount {
                let codes = survey.grid.codes(of: try tensor.chunk(position).delta)
                let positions = sampler.select(
                    codes, firstElement: tensor.elementRange(ofChunk: position).lowerBound)
                let own = try stream(SparseValues.gather(codes, at: positions), survey.grid, coder: coder)
                let streams = [head, PositionStream.encode(positions, count: codes.count), own]
                try sink.append(positions.isEmpty ? [] : [LossyTerm(kind: .ultraDelta, streams: streams)])
            }
        }
    }

    private func stream(
        _ codes: [UInt8], _ grid: UniformGrid, coder: any StreamCoder
    ) throws(DeltaicError) -> EncodedStream {
        self.codes == .plain
            ? .stored(PackedBits.pack(codes, bits: grid.bits)) : try coder.encode(codes, effort: .literals)
    }

    /// How many elements are kept, on the average over masks.
    private var expectedSurvivors: Double {
        guard let survey else { return 0 }
        return threshold.map { Double($0) / Double(SeededMask.all) * Double(survey.elementCount) }
            ?? Double(kept.reduce(0, +))
    }

    /// For each code the share of its elements that is kept.
    private func shares(_ survey: UltraDeltaSurvey) -> [Double] {
        if let threshold {
            return Array(repeating: Double(threshold) / Double(SeededMask.all), count: survey.counts.count)
        }
        return zip(kept, survey.counts).map { $1 > 0 ? Double($0) / Double($1) : 0 }
    }

    /// The bytes that the tensor takes, those of positions and masks on the average.
    func expectedBytes(_ tensor: any DeltaSource) -> Double {
        guard let survey, expectedSurvivors > 0 else {
            let isStored = survey == nil && !tensor.statistics.isZero
            let tables = LossyOverhead.tableBytes(tensor, terms: isStored ? 1 : 0)
            return Double(tables + (isStored ? tensor.chunkCount * 5 : 0))
        }
        var bytes = Double(LossyOverhead.tableBytes(tensor))
        let parameters = UltraDeltaTerm.Parameters.sparse(
            .init(
                grid: survey.grid, codes: codes, factor: factor,
                mask: threshold.map { StoredMask(key: 0, threshold: $0) }))
        bytes += Double(parameters.bytes.count * tensor.chunkCount)
        if threshold == nil { bytes += PositionStream.expectedBytes(tensor, kept: expectedSurvivors) }
        if codes == .plain { return bytes + expectedSurvivors * Double(survey.grid.bits) / 8 }
        // About what the tables of the entropy stage take, for each 128 KiB of codes.
        let tables = Double(tensor.chunkCount) * 24 + expectedSurvivors / Double(1 << 17) * 16
        let counts = zip(shares(survey), survey.counts).map { $0 * Double($1) }
        return bytes + tables + HuffmanLength.bits(counts) / 8
    }

    /// The expected |D_hat - D|^2 / |D|^2.
    var expectedNoise: Double {
        guard let survey else { return 0 }
        return survey.noise(shares: shares(survey), factor: Double(factor))
    }

    /// The variance of the number of survivors of a seeded mask.
    var survivorVariance: Double {
        guard let survey, let threshold else { return 0 }
        let share = Double(threshold) / Double(SeededMask.all)
        return share * (1 - share) * Double(survey.elementCount)
    }
}
