public import DeltaicCore
internal import Kernels

/// Drops most deltas and scales the rest up (DARE, arXiv 2311.03099; divisors other than 1 - p: DAREx, arXiv 2410.09344).
///
/// The public code draws from the device's generator, so its masks cannot be drawn again; ours are a function of the tensor's key, and cost nothing.
/// The published ratio 1 / (1 - p) leaves positions out, and here that is the truth for random masks. By magnitude
/// positions are stored; the public code drops more than asked for where magnitudes are equal, and here the count is exact.
public struct DAREMethod: LossyMethod {
    public static var id: CodecID { .dare }
    public static let summary = "drops a share of the deltas and scales the others up"

    /// Which deltas are kept.
    enum Selection: String, CaseIterable {
        /// Each with the same probability.
        case random
        /// The largest.
        case magnitude
    }

    let drop: Double
    let selection: Selection
    let values: DAREValues
    let rescale: Bool
    /// q of DAREx-q.
    let divisor: Double?

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        drop = try settings.number("drop", in: 0...1) ?? 0.9
        selection = try settings.choice("selection", as: Selection.self) ?? .random
        values = try settings.choice("values", as: DAREValues.self) ?? .bf16
        let rescale = try settings.flag("rescale")
        divisor = try settings.number("divisor", in: 1e-6...1)
        guard divisor == nil || rescale != false else {
            throw DeltaicError(
                .badSettings, "dare: \"divisor\" contradicts \"rescale\": false",
                advice: "leave one of them out: no rescaling is a divisor of 1")
        }
        self.rescale = rescale ?? true
    }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        let curves = try magnitudeCurves(tensors)
        switch goal {
        case .settings:
            if let divisor, divisor < 1 - drop - 1e-9 {
                throw DeltaicError(
                    .badSettings, "dare: the divisor makes deltas larger than without bias",
                    expected: "from 1 - drop, \((1 - drop).shortText()), to 1", found: "\(divisor)")
            }
            return plans(tensors, curves, kept: Int(((1 - drop) * Double(SeededMask.all)).rounded()), drop: drop)
        case .bitsPerWeight(let limit):
            guard let kept = keptShare(tensors, bits: limit) else {
                throw DeltaicError(
                    .unreachable, "dare: what describes the chunks alone takes more",
                    expected: "\(limit.shortText()) bits for a weight",
                    advice: "name `drop` for small tensors, or ask for more")
            }
            return plans(tensors, curves, kept: kept, drop: nil)
        case .relativeError(let limit):
            return try plans(tensors, curves, relativeError: limit)
        }
    }

    private func codec(kept: Int, drop: Double?) -> DARECodec {
        DARECodec(
            choice: selection == .random
                ? .random(threshold: kept)
                : .magnitude(drop: drop ?? 1 - Double(kept) / Double(SeededMask.all)),
            values: values, scaling: divisor.map { .divisor($0) } ?? (rescale ? .keepRate : .none))
    }

    private func plans(
        _ tensors: [any DeltaSource], _ curves: [MagnitudeCurve?], kept: Int, drop: Double?
    ) -> [PlannedDelta] {
        let codec = codec(kept: kept, drop: drop)
        return zip(tensors, curves).map { tensor, curve in
            PlannedDelta(
                codec: codec,
                bitsPerWeight: 8 * codec.expectedBytes(tensor) / Double(max(1, tensor.elementCount)),
                relativeNoise: codec.expectedNoise(tensor, magnitudes: curve))
        }
    }

    /// Magnitudes are what the error of a choice by magnitude depends on; random masks need no look at them.
    private func magnitudeCurves(_ tensors: [any DeltaSource]) throws(DeltaicError) -> [MagnitudeCurve?] {
        var curves: [MagnitudeCurve?] = []
        for tensor in tensors { curves.append(selection == .magnitude ? try MagnitudeCurve(tensor) : nil) }
        return curves
    }

    /// The most 65,536ths that fit; three deviations of the random number of survivors are left free.
    private func keptShare(_ tensors: [any DeltaSource], bits: Double) -> Int? {
        let weights = Double(tensors.reduce(0) { $0 + $1.elementCount })
        return GoalSearch.largest(in: 0...SeededMask.all) { kept in
            let codec = codec(kept: kept, drop: nil)
            var bytes = 0.0
            var variance = 0.0
            for tensor in tensors {
                bytes += codec.expectedBytes(tensor)
                let density = Double(kept) / Double(SeededMask.all)
                if selection == .random { variance += density * (1 - density) * Double(tensor.elementCount) }
            }
            return 8 * (bytes + 3 * variance.squareRoot() * Double(values.width)) <= bits * weights
        }
    }

    private func plans(
        _ tensors: [any DeltaSource], _ curves: [MagnitudeCurve?], relativeError limit: Double
    ) throws(DeltaicError) -> [PlannedDelta] {
        func error(dropped: Int) -> Double {
            let codec = codec(kept: SeededMask.all - dropped, drop: nil)
            var forecast = ErrorForecast()
            for (tensor, curve) in zip(tensors, curves) {
                forecast.add(tensor.statistics, noise: codec.expectedNoise(tensor, magnitudes: curve))
            }
            return forecast.relativeError
        }
        // Dropping all has a smaller error than dropping nearly all, but nobody means that.
        guard let dropped = GoalSearch.largest(in: 0...SeededMask.all - 1, where: { error(dropped: $0) <= limit })
        else {
            throw DeltaicError(
                .unreachable, "dare does not come as near to the weights as asked", expected: limit.shortText(),
                found: "\(error(dropped: 0).shortText(.up)) with nothing dropped",
                advice: divisor == nil
                    ? "`exact` keeps every bit; \"values\": \"fp32\" is nearer" : "leave \"divisor\" out")
        }
        return plans(tensors, curves, kept: SeededMask.all - dropped, drop: nil)
    }
}
