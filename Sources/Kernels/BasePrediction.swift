/// What the base word says about the fine-tuned word: a function of the base's mantissa, in units in the last place away
/// from zero.
///
/// Weight decay multiplies a weight by 1 - c again and again; in floating point each step moves it by round(c * M) units in
/// the last place, M being the mantissa as an integer. So weights of similar mantissa that see no gradient (most rows of an
/// embedding table) all move by the same number of units: a staircase over M. A single large factor moves them in
/// proportion to M: a slope.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 2, "Prediction".
public struct BasePrediction: Sendable, Equatable {
    /// The factor of M, times 2^32.
    public var slope: Int64
    /// One step per value of the leading ``staircaseBits`` bits of the stored mantissa; empty for none.
    public var staircase: [Int64]
    /// The number of leading mantissa bits that choose a step.
    public var staircaseBits: Int

    public init(slope: Int64 = 0, staircase: [Int64] = [], staircaseBits: Int = 0) {
        self.slope = slope
        self.staircase = staircase
        self.staircaseBits = staircaseBits
    }

    /// Predicts nothing: the fine-tuned word is the base word.
    public static let none = BasePrediction()

    /// The largest magnitude of ``slope``, so that products with mantissas of up to 24 bits fit 63 bits.
    public static let slopeLimit: Int64 = 1 << 38
    /// The largest ``staircaseBits``.
    public static let staircaseBitsLimit = 8

    public var isNone: Bool { slope == 0 && staircase.isEmpty }
}

/// The prediction made ready for words of one type.
struct Predictor<Word: TensorWord> {
    let slope: Int64
    let steps: [Word]
    let stepShift: Word
    let fieldMask: Word
    let implicitBit: Word
    let isNone: Bool

    init(_ prediction: BasePrediction, mantissaBits: Int) {
        slope = prediction.slope
        steps = prediction.staircase.isEmpty ? [0] : prediction.staircase.map { Word(truncatingIfNeeded: $0) }
        let bits = prediction.staircase.isEmpty ? 0 : prediction.staircaseBits
        stepShift = Word(mantissaBits - bits)
        fieldMask = (1 << Word(mantissaBits)) &- 1
        implicitBit = 1 << Word(mantissaBits)
        isNone = prediction.isNone
    }

    /// The predicted move of a base word; `steps` is ``steps`` as a pointer.
    @inline(__always)
    func move(of base: Word, steps: UnsafePointer<Word>) -> Word {
        let field = base & fieldMask
        let step = steps[Int(field &>> stepShift)]
        if slope == 0 { return step }
        let mantissa = field | implicitBit
        let linear: Word
        if Word.bitWidth < 64 {
            linear = Word(truncatingIfNeeded: (Int64(truncatingIfNeeded: mantissa) &* slope &+ (1 << 31)) >> 32)
        } else {
            let product = Int128(truncatingIfNeeded: mantissa) * Int128(slope) + (1 << 31)
            linear = Word(truncatingIfNeeded: product >> 32)
        }
        return linear &+ step
    }
}
