public import DeltaicCore
internal import Foundation

/// Chooses the rate of every tensor for ``SeededSignCodec``.
public struct SeededSignMethod: LossyMethod {
    public static var id: CodecID { .seededSign }
    public static let summary = "seeded directions, one index for each block and unbiased amplitudes (ours)"

    /// By what bits are shared out between tensors.
    enum Allocation: String, CaseIterable {
        /// So that the noise over all tensors is least.
        case noise
        /// So that the noise in proportion to each tensor's weights is least, summed over tensors.
        case relative
        /// Evenly.
        case even
    }

    private let bits: Double
    private let gain: Double
    private let allocation: Allocation
    private let usesBaseScale: Bool
    private let takesSteepPart: Bool

    static let defaultBits = 0.12
    static let bitsRange = 0.002...4.0
    /// Nobody measured less, however small the error would be.
    private static let leastBitsForQuality = 0.01

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {
        bits = try settings.number("bits", in: Self.bitsRange) ?? Self.defaultBits
        gain = try settings.number("gain", in: 0.05...1) ?? 1
        allocation = try settings.choice("allocation") ?? .noise
        usesBaseScale = try settings.flag("base-scale") ?? true
        takesSteepPart = try settings.flag("low-rank") ?? true
    }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        let parts = tensors.map { Part($0, allocation: allocation, usesBaseScale: usesBaseScale) }
        let rates: [Double] =
            switch goal {
            case .settings: rates(of: parts, meanBits: bits)
            case .bitsPerWeight(let bits):
                Self.bitsRange.contains(bits)
                    ? rates(of: parts, meanBits: bits) : try Self.refuse(bits)
            case .relativeError(let error): rates(of: parts, error: error)
            }
        return zip(zip(parts, rates), tensors).map { pair, tensor in
            let (part, bits) = pair
            let noise = RatePoint.noise(atBits: bits)
            if takesSteepPart, part.baseScale == 0, SteepSpectrumCodec.fits(tensor, bits: bits) {
                return PlannedDelta(
                    codec: SteepSpectrumCodec(bits: bits, gain: gain), bitsPerWeight: bits, relativeNoise: noise)
            }
            return PlannedDelta(
                codec: SeededSignCodec(bits: bits, gain: gain, baseScale: part.baseScale), bitsPerWeight: bits,
                relativeNoise: noise)
        }
    }

    private static func refuse(_ bits: Double) throws(DeltaicError) -> [Double] {
        throw DeltaicError(
            .unreachable, "seeded-sign cannot spend so many, or so few, bits on a weight",
            expected: "\(bitsRange.lowerBound) to \(bitsRange.upperBound)",
            found: String(format: "%.5f", bits),
            advice: bits > 1 ? "keep the tensors exactly" : "ask for a smaller ratio, or drop tensors in a recipe")
    }

    /// A tensor as planning sees it.
    private struct Part {
        let count: Double
        /// |D|^2 without the base's multiple, |W|^2, and how much a unit of noise matters.
        let squares: Double
        let weightSquares: Double
        let importance: Double
        let baseScale: Float

        /// The rate's share: noise falls about as 1 / bits, so bits go by the root of the noise that one bit takes away.
        var share: Double { count > 0 ? (importance * squares / count).squareRoot() : 0 }

        init(_ tensor: any DeltaSource, allocation: Allocation, usesBaseScale: Bool) {
            let statistics = tensor.statistics
            count = Double(statistics.count)
            weightSquares = statistics.weightSquareSum
            // A multiple of the base is worth its four bytes where it takes a good part of the delta away.
            let scale = statistics.baseSquareSum > 0 ? statistics.baseProduct / statistics.baseSquareSum : 0
            let explained = scale * statistics.baseProduct
            let usesScale = usesBaseScale && explained > 0.03 * statistics.squareSum
            baseScale = usesScale ? Float(scale) : 0
            squares = max(0, statistics.squareSum - (usesScale ? explained : 0))
            switch allocation {
            case .noise: importance = 1
            case .relative: importance = statistics.weightSquareSum > 0 ? count / statistics.weightSquareSum : 1
            case .even: importance = squares > 0 ? count / squares : 1
            }
        }
    }

    /// Rates in proportion to the shares, within bounds, with the given mean.
    private func rates(of parts: [Part], meanBits: Double) -> [Double] {
        let total = meanBits * parts.reduce(0) { $0 + $1.count }
        func rates(_ scale: Double) -> [Double] {
            parts.map {
                $0.share > 0 ? min(max(scale * $0.share, Self.bitsRange.lowerBound), Self.bitsRange.upperBound) : 0
            }
        }
        return Self.solve(rates) { rates in zip(parts, rates).reduce(0) { $0 + $1.0.count * $1.1 } <= total }
    }

    private func rates(of parts: [Part], error: Double) -> [Double] {
        let allowed = error * error * parts.reduce(0) { $0 + $1.weightSquares }
        func rates(_ scale: Double) -> [Double] {
            parts.map {
                $0.share > 0 ? min(max($0.share / scale, Self.leastBitsForQuality), Self.bitsRange.upperBound) : 0
            }
        }
        return Self.solve(rates) { rates in
            zip(parts, rates).reduce(0) { sum, pair in
                pair.1 > 0 ? sum + pair.0.squares * RatePoint.noise(atBits: pair.1) : sum
            } <= allowed
        }
    }

    /// The rates at the largest scale that `fits`.
    private static func solve(_ rates: (Double) -> [Double], fits: ([Double]) -> Bool) -> [Double] {
        var (low, high) = (1e-12, 1e12)
        for _ in 0..<90 {
            let middle = (low * high).squareRoot()
            if fits(rates(middle)) { low = middle } else { high = middle }
        }
        return rates(low)
    }
}
