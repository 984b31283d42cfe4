internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Prediction fit")
struct PredictionFitTests {
    private let seed: UInt64 = 21

    private func weights(_ count: Int) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.normal() * 0.02) }
    }

    private func fit(_ tuned: [Float], _ base: [Float]) -> BasePrediction {
        PredictionFit.fit(
            words: TensorWords.bytes(tuned.map { UInt64($0.bitPattern) }, width: 4),
            base: TensorWords.bytes(base.map { UInt64($0.bitPattern) }, width: 4), count: base.count,
            layout: ElementType.float32.layout)
    }

    @Test("repeated weight decay is found as a staircase, which predicts most moves")
    func decay() {
        let base = weights(20_000)
        let factor: Float = 1 - 1e-5 * 0.1
        let tuned = base.map { weight in (0..<500).reduce(weight) { value, _ in value * factor } }
        let prediction = fit(tuned, base)
        #expect(prediction.staircaseBits == 8 && prediction.staircase.count == 256, "seed \(seed)")
        #expect(prediction.staircase.contains { $0 < 0 }, "seed \(seed)")
        let naive = SpecificationArithmetic(
            type: .float32, slope: prediction.slope, staircase: prediction.staircase,
            staircaseBits: prediction.staircaseBits)
        let exact = zip(tuned, base).count { naive.residual(UInt64($0.bitPattern), base: UInt64($1.bitPattern)) == 0 }
        #expect(exact * 2 > base.count, "\(exact) of \(base.count), seed \(seed)")
    }

    @Test("one large factor is found as a slope, which brings the residuals near zero")
    func scale() {
        let base = weights(20_000)
        let prediction = fit(base.map { $0 * 0.99 }, base)
        #expect(prediction.slope < 0 && prediction.staircase.isEmpty, "seed \(seed)")
        // -0.01 of M, times 2^32; weights whose exponent changes move otherwise, the median does not.
        #expect(abs(Double(prediction.slope) / 4_294_967_296 + 0.01) < 0.0005, "seed \(seed)")
    }

    @Test("noise has no prediction")
    func noise() {
        var generator = SeededGenerator(seed: seed + 1)
        let base = weights(20_000)
        let tuned = base.map { $0 + Float(generator.normal() * 0.0002) }
        #expect(fit(tuned, base).isNone, "seed \(seed)")
    }

    @Test("equal words have no prediction")
    func equal() {
        #expect(fit(weights(5000), weights(5000)).isNone)
    }

    @Test(
        "few words, bytes and integers have no prediction", arguments: [ElementType.float8E4M3, .int32, .uint8, .bool])
    func none(type: ElementType) {
        let base = TensorWords.bytes([UInt64](repeating: 1, count: 1000), width: type.width)
        let words = TensorWords.bytes([UInt64](repeating: 3, count: 1000), width: type.width)
        #expect(PredictionFit.fit(words: words, base: base, count: 1000, layout: type.layout).isNone)
        #expect(fit([2, 3], [1, 2]).isNone)
    }

    @Test("exotic words do not upset the fit", arguments: ElementType.allCases.filter { $0.mantissaBits != nil })
    func exotic(type: ElementType) {
        var generator = SeededGenerator(seed: seed)
        let values = TensorWords.exotic(type)
        let base = (0..<2000).compactMap { _ in values.randomElement(using: &generator) }
        let words = (0..<2000).compactMap { _ in values.randomElement(using: &generator) }
        let prediction = PredictionFit.fit(
            words: TensorWords.bytes(words, width: type.width), base: TensorWords.bytes(base, width: type.width),
            count: 2000, layout: type.layout)
        #expect(prediction.slope.magnitude < BasePrediction.slopeLimit.magnitude, "seed \(seed)")
    }
}
