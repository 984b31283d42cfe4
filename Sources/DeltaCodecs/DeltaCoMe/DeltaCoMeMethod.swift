public import DeltaicCore
internal import Foundation

/// Chooses the bands of every tensor for Delta-CoMe.
public struct DeltaCoMeMethod: LossyMethod {
    public static var id: CodecID { .deltaCoMe }
    public static let summary = "Delta-CoMe: singular directions in bands of 8, 3 and 2 bits"

    private let bands: DeltaCoMeBands?
    private let alpha: Double
    private let rounding: Rounding

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        let text = try settings.text("bands") ?? "auto"
        bands = text == "auto" ? nil : try DeltaCoMeBands(text: text)
        let given = try settings.number("alpha", in: 1e-5...4)
        if bands != nil, given != nil {
            throw DeltaicError(
                .badSettings, "delta-come: \"bands\" and \"alpha\" contradict each other", expected: "one of them")
        }
        alpha = given ?? 1.0 / 16
        rounding = try settings.choice("rounding") ?? .auto
    }

    public var readsSecondMoments: Bool { rounding != .plain }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        switch goal {
        case .settings:
            return tensors.map { tensor in
                planned(
                    tensor, bands ?? DeltaCoMeBands(rows: tensor.rows, columns: tensor.columns, alpha: alpha),
                    noise: nil)
            }
        case .bitsPerWeight(let bits): return try plan(tensors, meanBits: bits)
        case .relativeError(let error): return try plan(tensors, error: error)
        }
    }

    private func planned(_ tensor: any DeltaSource, _ bands: DeltaCoMeBands, noise: Double?) -> PlannedDelta {
        let bands = tensor.statistics.isZero ? DeltaCoMeBands([]) : bands.limited(to: min(tensor.rows, tensor.columns))
        return PlannedDelta(
            codec: DeltaCoMeCodec(bands: bands, rounding: rounding),
            bitsPerWeight: DeltaCoMeSize(tensor).bitsPerWeight(bands), relativeNoise: bands.rank == 0 ? 1 : noise)
    }

    /// The bits of a row of U and a column of V that all directions take at most.
    private static func mostBits(_ rank: Int) -> Int { 8 * min(rank, 2) + 3 * min(max(0, rank - 2), 32) + 2 * rank }

    /// Of every tensor as many directions as fit; what rounding leaves goes to the next.
    private func plan(_ tensors: [any DeltaSource], meanBits: Double) throws(DeltaicError) -> [PlannedDelta] {
        var left = 0.0
        var result: [PlannedDelta] = []
        for tensor in tensors {
            let elements = Double(tensor.elementCount)
            left += meanBits * elements
            let size = DeltaCoMeSize(tensor)
            let rank = min(tensor.rows, tensor.columns)
            var (low, high) = (0, tensor.statistics.isZero ? 0 : Self.mostBits(rank))
            while low < high {
                let middle = (low + high + 1) / 2
                let bands = DeltaCoMeBands(rank: rank, bitsPerRow: middle)
                if size.bitsPerWeight(bands) * elements <= left { low = middle } else { high = middle - 1 }
            }
            let planned = planned(tensor, DeltaCoMeBands(rank: rank, bitsPerRow: low), noise: nil)
            left -= planned.bitsPerWeight * elements
            result.append(planned)
        }
        guard result.contains(where: { $0.bitsPerWeight > 0 }) || tensors.allSatisfy({ $0.statistics.isZero }) else {
            throw DeltaicError(
                .unreachable, "not one singular direction fits into so few bits",
                found: String(format: "%.5f bits for a weight", meanBits),
                advice: "ask for a smaller ratio, or use seeded-sign")
        }
        return result
    }

    /// The least alpha that all tensors share with which the error is expected to be small enough.
    ///
    /// Takes the singular values of every tensor; vectors are taken to be normal.
    private func plan(_ tensors: [any DeltaSource], error: Double) throws(DeltaicError) -> [PlannedDelta] {
        LinearAlgebraThreads.limitToOne
        let allowed = error * error * tensors.reduce(0) { $0 + $1.statistics.weightSquareSum }
        var spectra: [[Float]] = []
        for tensor in tensors {
            spectra.append(tensor.statistics.isZero ? [] : try SingularValues.values(of: try tensor.matrix()))
        }
        func bands(_ index: Int, _ alpha: Double) -> DeltaCoMeBands {
            DeltaCoMeBands(rows: tensors[index].rows, columns: tensors[index].columns, alpha: alpha)
        }
        func residual(_ index: Int, _ alpha: Double) -> Double {
            DeltaCoMeSize(tensors[index]).residual(bands(index, alpha), singularValues: spectra[index])
        }
        func total(_ alpha: Double) -> Double { tensors.indices.reduce(0) { $0 + residual($1, alpha) } }
        var (low, high) = (0.0, 4.0)
        guard total(high) <= allowed else {
            let weights = tensors.reduce(0) { $0 + $1.statistics.weightSquareSum }
            throw DeltaicError(
                .unreachable, "bands of 8, 3 and 2 bits cannot come so near",
                expected: String(
                    format: "an error of at least %.5f", (total(high) / max(weights, 1e-300)).squareRoot()),
                found: String(format: "%.5f", error), advice: "use low-rank with more bits, or set bands")
        }
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if total(middle) <= allowed { high = middle } else { low = middle }
        }
        return tensors.indices.map { index in
            let squares = tensors[index].statistics.squareSum
            return planned(
                tensors[index], bands(index, high), noise: squares > 0 ? residual(index, high) / squares : 0)
        }
    }
}
