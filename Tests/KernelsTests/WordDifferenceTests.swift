internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

/// Words with their bases, and how they are predicted.
private struct Case {
    var words: [UInt64]
    let base: [UInt64]
    var naive: SpecificationArithmetic

    /// What the kernel and the naive arithmetic make of it; the residuals and the words restored from them.
    func check(_ note: String) {
        let type = naive.type
        let prediction = BasePrediction(
            slope: naive.slope, staircase: naive.staircase, staircaseBits: naive.staircaseBits)
        let base = TensorWords.bytes(base, width: type.width)
        let bytes = TensorWords.bytes(words, width: type.width)
        let residuals = WordDifference.residuals(
            of: bytes, base: base, count: words.count, layout: type.layout, prediction: prediction, shift: naive.shift)
        let expected = zip(words, self.base).map { naive.residual($0, base: $1) }
        let agrees = TensorWords.words(residuals, width: type.width) == expected
        #expect(agrees, "residuals differ from the specification: \(type), \(note)")
        let restored = WordDifference.words(
            from: residuals, base: base, count: words.count, layout: type.layout, prediction: prediction,
            shift: naive.shift)
        let isRestored = restored == bytes
        #expect(isRestored, "words are not restored: \(type), \(note)")
    }
}

@Suite("Word differences")
struct WordDifferenceTests {
    @Test("random words follow the specification and come back", arguments: ElementType.allCases)
    func random(type: ElementType) {
        let seed = 100 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 3, 2000] {
            Case(
                words: TensorWords.random(count, type, using: &generator),
                base: TensorWords.random(count, type, using: &generator), naive: SpecificationArithmetic(type: type)
            ).check("\(count) words, seed \(seed)")
        }
    }

    @Test("every pair of exotic words follows the specification and comes back", arguments: ElementType.allCases)
    func exotic(type: ElementType) {
        let values = TensorWords.exotic(type)
        Case(
            words: values.flatMap { value in values.map { _ in value } }, base: values.flatMap { _ in values },
            naive: SpecificationArithmetic(type: type)
        ).check("exotic")
    }

    @Test("all 65,536 BF16 words come back against every exotic and some other bases", arguments: [false, true])
    func everyWord(predicted: Bool) {
        let seed: UInt64 = 7
        var generator = SeededGenerator(seed: seed)
        let words = (0...0xFFFF as ClosedRange<UInt64>).map { $0 }
        var naive = SpecificationArithmetic(type: .bfloat16)
        if predicted {
            naive.slope = -123_456_789
            naive.staircaseBits = 7
            naive.staircase = (0..<128).map { Int64($0) - 64 }
        }
        let bases = TensorWords.exotic(.bfloat16) + [0x7FC1, 0xFF81, 0x3F80, 0xBF80, 0x3C9A]
        for base in bases + TensorWords.random(4, .bfloat16, using: &generator) {
            Case(words: words, base: words.map { _ in base }, naive: naive).check("base \(base), seed \(seed)")
        }
    }

    @Test(
        "a slope is computed as the specification says",
        arguments: ElementType.allCases.filter { $0.mantissaBits != nil })
    func slope(type: ElementType) {
        let seed = 200 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        let limit = BasePrediction.slopeLimit - 1
        for slope in [1, -1, 1 << 31, -(1 << 31), limit, -limit, Int64.random(in: -limit...limit, using: &generator)] {
            Case(
                words: TensorWords.exotic(type) + TensorWords.random(500, type, using: &generator),
                base: TensorWords.exotic(type).reversed() + TensorWords.random(500, type, using: &generator),
                naive: SpecificationArithmetic(type: type, slope: slope)
            ).check("slope \(slope), seed \(seed)")
        }
    }

    @Test("a staircase is added to the slope", arguments: ElementType.allCases.filter { $0.mantissaBits != nil })
    func staircase(type: ElementType) {
        let seed = 300 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        for bits in 1...min(8, type.mantissaBits ?? 0) {
            // The steps are words of the dtype's width.
            let steps = (0..<1 << bits).map { _ in
                Int64(truncatingIfNeeded: generator.next()) >> Int64(64 - type.bits)
            }
            Case(
                words: TensorWords.random(300, type, using: &generator),
                base: TensorWords.random(300, type, using: &generator),
                naive: SpecificationArithmetic(type: type, slope: 77 << 24, staircase: steps, staircaseBits: bits)
            ).check("\(bits) bits, seed \(seed)")
        }
    }

    @Test("the low bits that no residual uses are dropped and come back", arguments: ElementType.allCases)
    func shift(type: ElementType) {
        let seed = 400 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        for shift in [1, type.bits / 2, type.bits - 1] {
            let naive = SpecificationArithmetic(type: type, shift: shift)
            let base = TensorWords.exotic(type) + TensorWords.random(300, type, using: &generator)
            let residuals = base.map { _ in generator.next() & (1 << UInt64(type.bits - shift) - 1) }
            let words = zip(residuals, base).map { naive.word($0, base: $1) }
            Case(words: words, base: base, naive: naive).check("shift \(shift), seed \(seed)")
        }
    }

    @Test("the used bits are those of the differences", arguments: ElementType.allCases)
    func usedBits(type: ElementType) {
        let seed = 500 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        let shift = type.bits - 2
        let naive = SpecificationArithmetic(type: type, shift: shift)
        let base = TensorWords.random(100, type, using: &generator)
        // q = 1 everywhere: every difference is exactly one bit.
        let words = base.map { naive.word(2, base: $0) }
        let bits = WordDifference.usedBits(
            of: TensorWords.bytes(words, width: type.width), base: TensorWords.bytes(base, width: type.width),
            count: 100,
            layout: type.layout)
        #expect(bits == 1 << UInt64(shift), "seed \(seed)")
    }

    @Test("equal words use no bits", arguments: ElementType.allCases)
    func equal(type: ElementType) {
        let bytes = TensorWords.bytes(TensorWords.exotic(type), width: type.width)
        let count = bytes.count / type.width
        #expect(WordDifference.usedBits(of: bytes, base: bytes, count: count, layout: type.layout) == 0)
    }
}
