public import DeltaicCore
internal import Kernels

/// Prunes at random, the same share of every quantized value, and scales the rest up (UltraDelta, arXiv 2505.13563, NeurIPS 2025).
///
/// Three parts: more is pruned where the variance of deltas is small (``UltraDeltaRates``); values of a few bits, of each of which the
/// same share is removed (``UltraDeltaSurvey``); and a last factor gamma, which the method relates to the trace norms of a family of models and which is a setting
/// here: 1 for a model on its own, and what the registry computes from siblings otherwise.
///
/// The published 32.9x to 224.6x count values and the entropy of positions in the layers that are compressed; so do the bits that are planned here, and
/// headers too.
public struct UltraDeltaMethod: LossyMethod {
    public static var id: CodecID { .ultraDelta }
    public static let summary = "prunes most deltas at random and keeps the others in a few bits"

    let options: UltraDeltaOptions

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        options = try UltraDeltaOptions(&settings)
    }

    /// The unit in which goals look for a sparsity.
    private static let units = 1_000_000

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        var surveys: [UltraDeltaSurvey?] = []
        switch goal {
        case .settings: _ = try options.checkedStep()
        case .bitsPerWeight, .relativeError: break
        }
        for tensor in tensors { surveys.append(try UltraDeltaSurvey.make(tensor, options: options)) }
        switch goal {
        case .settings:
            let step = try options.checkedStep()
            return planned(tensors, codecs(tensors, surveys, sparsity: options.sparsity, step: step))
        case .bitsPerWeight(let limit):
            return planned(tensors, try codecs(tensors, surveys, bits: limit))
        case .relativeError(let limit):
            return planned(tensors, try codecs(tensors, surveys, relativeError: limit))
        }
    }

    private func planned(_ tensors: [any DeltaSource], _ codecs: [UltraDeltaCodec]) -> [PlannedDelta] {
        zip(tensors, codecs).map { tensor, codec in
            PlannedDelta(
                codec: codec,
                bitsPerWeight: 8 * codec.expectedBytes(tensor) / Double(max(1, tensor.elementCount)),
                relativeNoise: codec.expectedNoise)
        }
    }

    /// The sparsities that goals may choose: as far as the step leaves room.
    private var choices: ClosedRange<Int> {
        let last = Int((0.9999 * Double(Self.units)).rounded())
        guard let step = options.givenStep else { return 0...last }
        return 0...min(last, Int(((1 - step) * Double(Self.units)).rounded(.down)))
    }

    private func codecs(
        _ tensors: [any DeltaSource], _ surveys: [UltraDeltaSurvey?], choice: Int
    ) -> [UltraDeltaCodec] {
        let sparsity = Double(choice) / Double(Self.units)
        return codecs(tensors, surveys, sparsity: sparsity, step: options.step(sparsity: sparsity))
    }

    /// The least sparsity that fits.
    ///
    /// For a seeded mask three deviations of the number of survivors are left free, for stored positions 1 in 1,000 of all.
    private func codecs(
        _ tensors: [any DeltaSource], _ surveys: [UltraDeltaSurvey?], bits limit: Double
    ) throws(DeltaicError) -> [UltraDeltaCodec] {
        let weights = Double(tensors.reduce(0) { $0 + $1.elementCount })
        func bits(_ choice: Int) -> Double {
            let codecs = codecs(tensors, surveys, choice: choice)
            let bytes = zip(codecs, tensors).reduce(0) { $0 + $1.0.expectedBytes($1.1) }
            let spread = codecs.reduce(0) { $0 + $1.survivorVariance }.squareRoot()
            let margin =
                options.mask == .seeded ? 3 * spread * Double(options.bits) / 8 : options.codes == .plain ? 1e-3 : 1e-2
            return 8 * (options.mask == .seeded ? bytes + margin : bytes * (1 + margin)) / max(1, weights)
        }
        guard let choice = GoalSearch.smallest(in: choices, where: { bits($0) <= limit }) else {
            throw DeltaicError(
                .unreachable, "ultradelta cannot be as small as asked",
                expected: "\(limit.shortText()) bits for a weight",
                found:
                    "\(bits(choices.upperBound).shortText(.up)) at a sparsity of "
                    + (Double(choices.upperBound) / Double(Self.units)).shortText(),
                advice: options.mode == .code
                    ? "the public code prunes no more than 0.99 of the last third: \"mode\": \"paper\" does, "
                        + "and \"mask\": \"seeded\" stores no positions"
                    : "\"mask\": \"seeded\" stores no positions")
        }
        return codecs(tensors, surveys, choice: choice)
    }

    /// The largest sparsity whose foretold error is small enough.
    private func codecs(
        _ tensors: [any DeltaSource], _ surveys: [UltraDeltaSurvey?], relativeError limit: Double
    ) throws(DeltaicError) -> [UltraDeltaCodec] {
        func error(_ choice: Int) -> Double {
            var forecast = ErrorForecast()
            for (tensor, codec) in zip(tensors, codecs(tensors, surveys, choice: choice)) {
                forecast.add(tensor.statistics, noise: codec.expectedNoise)
            }
            return forecast.relativeError
        }
        guard let choice = GoalSearch.largest(in: choices, where: { error($0) <= limit }) else {
            throw DeltaicError(
                .unreachable, "ultradelta does not come as near to the weights as asked", expected: limit.shortText(),
                found: "\(error(0).shortText(.up)) with nothing pruned",
                advice: "more \"bits\" are nearer; `exact` keeps every bit")
        }
        return codecs(tensors, surveys, choice: choice)
    }

    /// The codecs of all tensors at a sparsity.
    ///
    /// Tensors whose deltas are all equal are not pruned, and have no part in the mean.
    private func codecs(
        _ tensors: [any DeltaSource], _ surveys: [UltraDeltaSurvey?], sparsity: Double, step: Double
    ) -> [UltraDeltaCodec] {
        var pruned: [UltraDeltaRates.Tensor] = []
        for (tensor, survey) in zip(tensors, surveys) {
            guard let survey else { continue }
            let spread = options.mode == .paper ? tensor.statistics.deviation : survey.quantizedDeviation
            pruned.append(.init(name: tensor.name, count: tensor.elementCount, spread: spread))
        }
        var rates = UltraDeltaRates.rates(pruned, sparsity: sparsity, step: step, mode: options.mode)[...]
        return surveys.map { survey in
            survey == nil
                ? UltraDeltaCodec(survey: nil, kept: [], threshold: nil, factor: 1, codes: options.codes)
                : codec(survey, rate: rates.removeFirst(), sparsity: sparsity)
        }
    }

    private func codec(_ survey: UltraDeltaSurvey?, rate: Double, sparsity: Double) -> UltraDeltaCodec {
        let threshold =
            options.mask == .seeded ? Int(((1 - rate) * Double(SeededMask.all)).rounded(.toNearestOrEven)) : nil
        let kept = threshold == nil ? survey?.kept(rate: rate) ?? [] : []
        let divisor: Double
        switch options.rescale {
        case .average: divisor = 1 - sparsity
        case .layer: divisor = 1 - rate
        case .unbiased:
            if let threshold {
                divisor = Double(threshold) / Double(SeededMask.all)
            } else {
                let zeros = survey?.zeroCode.flatMap { survey?.counts[$0] } ?? 0
                divisor = Double(kept.reduce(0, +)) / Double(max(1, (survey?.elementCount ?? 0) - zeros))
            }
        }
        // Where nothing is kept, nothing is multiplied.
        let factor = divisor > 0 ? Float(options.factor * options.gamma / divisor) : 1
        return UltraDeltaCodec(survey: survey, kept: kept, threshold: threshold, factor: factor, codes: options.codes)
    }
}
