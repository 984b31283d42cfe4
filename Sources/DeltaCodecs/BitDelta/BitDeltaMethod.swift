public import DeltaicCore

/// The sign of every delta and one scale: 1 bit for a weight (BitDelta, arXiv 2402.10193).
///
/// D_hat = a sign(D), with a = mean |D|, the scalar that minimises |D_hat - D|^2. More rounds do the same to what is left. This is the paper's
/// *Initial* variant: its scales are not trained on data. A scale for each row or column is the start of Per-Axis deltas
/// (arXiv 2512.19720), which then chooses between them on data, and ours is left to the user.
public struct BitDeltaMethod: LossyMethod {
    public static var id: CodecID { .bitDelta }
    public static let summary = "the sign of every delta and a scale: 1 bit for a weight"

    /// What one scale belongs to, and what it is.
    enum Scale: String, CaseIterable {
        /// Mean |d| over the tensor: one binary32 number.
        case mean
        /// Mean |d| over the entries of a row, or column, that are not zero: a BF16 number each.
        case row, column
        /// sum d^2 / sum |d| of each row, so that the projection on the true delta is 1; BF16.
        case unbiased
    }

    /// The sign that a delta of zero gets.
    enum ZeroSign: String, CaseIterable {
        /// +1, as the public code has it.
        case plus
        /// -1, as the paper has it.
        case minus
    }

    static let roundLimit = 8
    let rounds: Int
    let scale: Scale
    let zero: ZeroSign

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        rounds = try settings.integer("rounds", in: 1...Self.roundLimit) ?? 1
        scale = try settings.choice("scale", as: Scale.self) ?? .mean
        zero = try settings.choice("zero", as: ZeroSign.self) ?? .plus
    }

    /// The rounds are what goals choose: a whole number of bits for a weight, beside which scales take a little; or as many as an error asks for.
    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        switch goal {
        case .settings: return try planned(tensors, rounds: rounds)
        case .bitsPerWeight(let bits):
            guard bits >= 1 else {
                throw DeltaicError(
                    .unreachable, "bitdelta takes a bit for a weight at least", expected: "1 to \(Self.roundLimit)",
                    found: bits.shortText(.down), advice: "ask for a smaller ratio, or name another codec")
            }
            return try planned(tensors, rounds: Int(min(bits, Double(Self.roundLimit))))
        case .relativeError(let limit):
            let forecasts = try forecasts(tensors, rounds: Self.roundLimit)
            for rounds in 1...Self.roundLimit {
                var error = ErrorForecast()
                for (tensor, noise) in zip(tensors, forecasts) {
                    error.add(tensor.statistics, noise: noise[rounds - 1])
                }
                if error.relativeError <= limit { return try planned(tensors, rounds: rounds) }
            }
            throw DeltaicError(
                .unreachable, "bitdelta does not come as near to the weights as asked", expected: limit.shortText(),
                advice: "`exact` keeps every bit; ultradelta has finer values")
        }
    }

    private func codec(rounds: Int) -> BitDeltaCodec {
        BitDeltaCodec(rounds: rounds, scale: scale, zeroIsPlus: zero == .plus)
    }

    private func planned(_ tensors: [any DeltaSource], rounds: Int) throws(DeltaicError) -> [PlannedDelta] {
        let codec = codec(rounds: rounds)
        let noises = try forecasts(tensors, rounds: rounds)
        var plans: [PlannedDelta] = []
        for (tensor, noise) in zip(tensors, noises) {
            let bytes = tensor.statistics.isZero ? LossyOverhead.tableBytes(tensor, terms: 0) : codec.byteCount(tensor)
            plans.append(
                PlannedDelta(
                    codec: codec, bitsPerWeight: 8 * Double(bytes) / Double(max(1, tensor.elementCount)),
                    relativeNoise: noise.last))
        }
        return plans
    }

    /// |D_hat - D|^2 / |D|^2 after each round, for each tensor.
    ///
    /// After one round with one scale it is 1 - (mean |d|)^2 / mean d^2, exactly; else it is measured on some of the tensor's rows.
    private func forecasts(_ tensors: [any DeltaSource], rounds: Int) throws(DeltaicError) -> [[Double]] {
        var all: [[Double]] = []
        for tensor in tensors {
            let statistics = tensor.statistics
            if statistics.isZero {
                all.append(Array(repeating: 0, count: rounds))
            } else if rounds == 1 && scale == .mean {
                let mean = statistics.absoluteSum / Double(statistics.count)
                all.append([max(0, 1 - mean * mean * Double(statistics.count) / statistics.squareSum)])
            } else {
                all.append(try codec(rounds: rounds).measuredNoise(tensor))
            }
        }
        return all
    }
}
