internal import DeltaicCore

/// seeded-sign with the steep part of a delta's spectrum taken out first, at a few bits for each value of the factors.
///
/// With B bits, seeded directions leave a noise in proportion to |R|^2 / B, R being what they are given. A singular direction of
/// (m + n) q bits lowers it while sigma^2 / |R|^2 is more than its share of the bits that are left.
struct SteepSpectrumCodec: LossyCodec {
    var id: CodecID { .seededSign }

    /// Bits for a weight of both parts.
    let bits: Double
    let gain: Double

    /// What a second object costs in a pack, in bits.
    private static let objectBits = 8 * 330.0
    /// The directions are chosen at the price that bits have half way.
    private static let priceRise = 1.4
    private static let largestShare = 0.7

    /// Whether the tensor is one that the part can be looked for in: a matrix, and not so large that it would not fit the memory that
    /// codecs without singular values keep to.
    static func fits(_ tensor: any DeltaSource, bits: Double) -> Bool {
        min(tensor.rows, tensor.columns) >= 64 && tensor.elementCount <= elementLimit && usefulBits.contains(bits)
    }

    private static let elementLimit = 20 << 20
    /// Under these rates the measured spectra were nowhere steep enough; above them rounds of directions gain more.
    private static let usefulBits = 0.15...1.2

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        let total = bits * Double(tensor.elementCount)
        let part = try LowRankPart(
            choosing: tensor, maximumBits: Self.largestShare * total - Self.objectBits, eta: Self.priceRise / bits)
        guard let part else {
            try SeededSignCodec(bits: bits, gain: gain, baseScale: 0).encode(tensor, coder: coder, sink: sink)
            return
        }
        let rest = (total - part.storedBits(of: tensor) - Self.objectBits) / Double(tensor.elementCount)
        try part.encode(
            tensor, then: SeededSignCodec(bits: rest, gain: gain, baseScale: 0), coder: coder, sink: sink)
    }
}
