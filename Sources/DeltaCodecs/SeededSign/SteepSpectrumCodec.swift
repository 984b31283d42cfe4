internal import DeltaicCore
internal import Foundation

/// seeded-sign with the steep part of a delta's spectrum taken out first, at a few bits for each value of the factors.
///
/// Seeded directions of b bits a weight leave a noise of |R|^2 n(b), R being what they are given. A singular direction of (m + n) q bits
/// is worth it while it lowers |R|^2 by more than the bits that it takes would lower n. Where the whole does not come out below what
/// directions alone would leave, they stay alone.
struct SteepSpectrumCodec: LossyCodec {
    var id: CodecID { .seededSign }

    /// Bits for a weight of both parts.
    let bits: Double
    let gain: Double

    /// What a second object costs in a pack, in bits.
    private static let objectBits = 8 * 330.0
    /// The price of bits is that at this share of them, as some go to the factors.
    private static let usualRest = 0.7
    private static let largestShare = 0.7

    /// Whether the tensor is one that the part can be looked for in: a matrix, and not so large that it would not fit the memory that
    /// codecs without singular values keep to.
    static func fits(_ tensor: any DeltaSource, bits: Double) -> Bool {
        min(tensor.rows, tensor.columns) >= 64 && tensor.elementCount <= elementLimit && bits >= leastBits
    }

    private static let failuresOfAlgebra: [DeltaicError.Code] = [
        .notFinite, .notPositiveDefinite, .noConvergence, .unsupported,
    ]
    private static let elementLimit = 20 << 20
    /// Under this rate the measured spectra were nowhere steep enough.
    private static let leastBits = 0.04

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        let elements = Double(tensor.elementCount)
        let limit = Self.largestShare * bits * elements - Self.objectBits
        if let part = try self.part(tensor, limit: limit) {
            let rest = bits - (part.storedBits(of: tensor) + Self.objectBits) / elements
            let alone = part.deltaSquares * RatePoint.noise(atBits: bits)
            if rest > 0, part.residualSquares * RatePoint.noise(atBits: rest) < alone {
                try part.encode(
                    tensor, then: SeededSignCodec(bits: rest, gain: gain, baseScale: 0), coder: coder, sink: sink)
                return
            }
        }
        try SeededSignCodec(bits: bits, gain: gain, baseScale: 0).encode(tensor, coder: coder, sink: sink)
    }

    /// Nil too where the linear algebra fails, as on deltas near the ends of binary32: the part is a gain, no need.
    private func part(_ tensor: any DeltaSource, limit: Double) throws(DeltaicError) -> LowRankPart? {
        do {
            guard try isSteep(tensor) else { return nil }
            return try LowRankPart(choosing: tensor, maximumBits: limit, eta: price)
        } catch  where Self.failuresOfAlgebra.contains(error.code) {
            return nil
        }
    }

    /// Whether the largest direction alone may be worth its bits: a few passes over the matrix, where the others take many.
    private func isSteep(_ tensor: any DeltaSource) throws(DeltaicError) -> Bool {
        guard !tensor.statistics.isZero, let probe = try SpectrumProbe(tensor) else { return false }
        let cost = Double(2 * (tensor.rows + tensor.columns) + LowRankSize.bitsPerDirection)
        let kept = probe.largestSquare * (1 - LowRankPart.loss(bits: 2))
        return kept / cost > price * tensor.statistics.squareSum / Double(tensor.elementCount)
    }

    /// By what share a bit more for each weight lowers the noise: -d ln n / db.
    private var price: Double {
        let rest = Self.usualRest * bits
        let step = 0.1 * rest
        return log(RatePoint.noise(atBits: rest - step) / RatePoint.noise(atBits: rest + step)) / (2 * step)
    }
}
