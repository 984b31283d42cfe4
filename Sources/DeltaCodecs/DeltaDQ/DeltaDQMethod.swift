public import DeltaicCore
internal import Kernels

/// Drops deltas group by group, and keeps the others in a few bits (DeltaDQ, arXiv 2410.08666).
///
/// In every group of a row exactly one in alpha is kept, and multiplied with alpha. No code was published; what is not in the paper's abstract is done as
/// it is remembered: asymmetric min-max codes of k bits for each tensor, and their split into m parts (``SeparateQuantization``), which packs do not need.
/// The published ratios leave positions out (``DeltaDQRatios``); here that is the truth, as masks are drawn from a seed.
public struct DeltaDQMethod: LossyMethod {
    public static var id: CodecID { .deltaDQ }
    public static let summary = "keeps one of every few deltas of a row, in a few bits"

    let alpha: Int
    /// nil to choose it for each tensor.
    let group: Int?
    let bits: Int
    let parts: Int

    /// The largest alpha.
    static let alphaLimit = 4096

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        let alpha = try settings.integer("alpha", in: 1...Self.alphaLimit)
        group = try settings.integer("group", in: 1...GroupMask.groupLimit)
        bits = try settings.integer("bits", in: 1...8) ?? 4
        parts = try settings.integer("parts", in: 1...256) ?? 1
        self.alpha = alpha ?? 8
        guard parts.nonzeroBitCount == 1, parts <= 1 << bits else {
            throw DeltaicError(
                .badSettings, "deltadq: \"parts\" is a power of two, and no more than codes of \(bits) bits have",
                expected: "1 to \(1 << bits)", found: "\(parts)")
        }
        if alpha != nil { try checkGroup() }
    }

    private func checkGroup() throws(DeltaicError) {
        guard let group, !group.isMultiple(of: alpha) else { return }
        throw DeltaicError(
            .badSettings, "deltadq: \"group\" is a multiple of \"alpha\"", expected: "a multiple of \(alpha)",
            found: "\(group)", advice: "leave \"group\" out: a good one is chosen")
    }

    /// The ratio as the paper quotes it, with m parts, and the true one.
    public var ratios: DeltaDQRatios { DeltaDQRatios(alpha: alpha, bits: bits, parts: parts) }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        var forecasts: [DeltaDQForecast] = []
        for tensor in tensors { forecasts.append(try DeltaDQForecast(tensor, bits: bits)) }
        switch goal {
        case .settings:
            try checkGroup()
            return try planned(tensors, forecasts, alpha: alpha)
        case .bitsPerWeight(let limit):
            let weights = Double(tensors.reduce(0) { $0 + $1.elementCount })
            func bits(_ alpha: Int) -> Double {
                8 * tensors.reduce(0) { $0 + Double(mostBytes($1, alpha: alpha)) } / max(1, weights)
            }
            let choices = alphaChoices
            guard let choice = GoalSearch.smallest(in: choices.indices.closed, where: { bits(choices[$0]) <= limit })
            else {
                throw DeltaicError(
                    .unreachable, "deltadq cannot be as small as asked",
                    expected: "\(limit.shortText()) bits for a weight",
                    found: "\(bits(choices.last ?? 1).shortText(.up)) with an alpha of \(choices.last ?? 1)",
                    advice: group == nil ? "fewer \"bits\" are smaller" : "leave \"group\" out: alpha has to divide it")
            }
            return try planned(tensors, forecasts, alpha: choices[choice])
        case .relativeError(let limit):
            func error(_ alpha: Int) -> Double {
                var forecast = ErrorForecast()
                for (tensor, errors) in zip(tensors, forecasts) {
                    let codec = DeltaDQCodec(alpha: alpha, group: group ?? alpha, bits: bits)
                    // Rows too short to keep anything have a smaller error than others, but nobody means that.
                    let noise = max(codec.expectedNoise(tensor, errors: errors), Double(alpha) - 1)
                    forecast.add(tensor.statistics, noise: noise)
                }
                return forecast.relativeError
            }
            let choices = alphaChoices
            guard let choice = GoalSearch.largest(in: choices.indices.closed, where: { error(choices[$0]) <= limit })
            else {
                throw DeltaicError(
                    .unreachable, "deltadq does not come as near to the weights as asked", expected: limit.shortText(),
                    found: "\(error(1).shortText(.up)) with nothing dropped",
                    advice: "more \"bits\" are nearer; `exact` keeps every bit")
            }
            return try planned(tensors, forecasts, alpha: choices[choice])
        }
    }

    /// What goals may choose: all, or what divides the group.
    private var alphaChoices: [Int] {
        guard let group else { return Array(1...Self.alphaLimit) }
        return (1...min(group, Self.alphaLimit)).filter { group.isMultiple(of: $0) }
    }

    /// The bytes of the group size that takes most.
    private func mostBytes(_ tensor: any DeltaSource, alpha: Int) -> Int {
        let groups = group.map { [$0] } ?? GroupSizeProbe.candidates(alpha: alpha, columns: tensor.columns)
        return groups.reduce(0) { max($0, DeltaDQCodec(alpha: alpha, group: $1, bits: bits).byteCount(tensor)) }
    }

    private func planned(
        _ tensors: [any DeltaSource], _ forecasts: [DeltaDQForecast], alpha: Int
    ) throws(DeltaicError) -> [PlannedDelta] {
        var plans: [PlannedDelta] = []
        for (tensor, errors) in zip(tensors, forecasts) {
            var own = group ?? alpha
            if group == nil, !tensor.statistics.isZero { own = try GroupSizeProbe(tensor).group(alpha: alpha) }
            let codec = DeltaDQCodec(alpha: alpha, group: own, bits: bits)
            plans.append(
                PlannedDelta(
                    codec: codec,
                    bitsPerWeight: 8 * Double(codec.byteCount(tensor)) / Double(max(1, tensor.elementCount)),
                    relativeNoise: codec.expectedNoise(tensor, errors: errors)))
        }
        return plans
    }
}

extension Range<Int> {
    /// The same without its end; the range is not empty.
    fileprivate var closed: ClosedRange<Int> { lowerBound...upperBound - 1 }
}
