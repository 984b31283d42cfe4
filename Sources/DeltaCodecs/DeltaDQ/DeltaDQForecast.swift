internal import DeltaicCore
internal import Kernels

/// What a plan needs to foretell the error of a tensor's quantized deltas, measured on some of them.
///
/// The range of the quantizer is taken as that of all deltas; the survivors' is a little smaller.
struct DeltaDQForecast: Sendable {
    /// The sums of q^2 and of q d over those of d^2, q being the value of the code of d.
    private var squares = 0.0
    private var product = 0.0

    /// - Throws: what reading throws.
    init(_ tensor: any DeltaSource, bits: Int) throws(DeltaicError) {
        let statistics = tensor.statistics
        guard !statistics.isZero else { return }
        let sample = try DeltaSample(tensor)
        guard sample.squares > 0 else { return }
        let quantizer = DeltaDQQuantizer(minimum: statistics.minimum, maximum: statistics.maximum, bits: bits)
        let levels = quantizer.levels.map { Double($0) }
        for (value, code) in zip(sample.values, quantizer.codes(of: sample.values)) {
            squares += levels[Int(code)] * levels[Int(code)]
            product += levels[Int(code)] * Double(value)
        }
        squares /= sample.squares
        product /= sample.squares
    }

    /// The expected |D_hat - D|^2 / |D|^2 in groups of a length: with a share kept, and one over it their factor, (1 / share) q^2 - 2 q d + d^2.
    func noise(length: Int, alpha: Int) -> Double {
        let kept = GroupMask.kept(of: length, alpha: alpha)
        return kept > 0 ? Double(length) / Double(kept) * squares - 2 * product + 1 : 1
    }
}
