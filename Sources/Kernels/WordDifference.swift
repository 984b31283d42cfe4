/// The difference of two tensors, word by word, in an order in which near values are near integers.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 2, "Order-preserving words" and "Residual". The mapping of floats to
///   ordered integers is the one of Lindstrom and Isenburg, "Fast and Efficient Compression of Floating-Point Data" (2006).
public enum WordDifference {
    /// Zig-zagged residuals of words against predicted base words.
    ///
    /// - Parameters:
    ///   - words: `count` little-endian words or more.
    ///   - base: as many base words or more.
    ///   - shift: the number of low bits that are zero in every residual and are dropped.
    /// - Returns: `count` words of the same width: small where the prediction was near.
    public static func residuals(
        of words: [UInt8], base: [UInt8], count: Int, layout: WordLayout, prediction: BasePrediction, shift: Int
    ) -> [UInt8] {
        precondition(words.count >= count * layout.width && base.count >= count * layout.width)
        return switch layout.width {
        case 1: residuals(words, base, count, layout, prediction, shift, as: UInt8.self)
        case 2: residuals(words, base, count, layout, prediction, shift, as: UInt16.self)
        case 4: residuals(words, base, count, layout, prediction, shift, as: UInt32.self)
        default: residuals(words, base, count, layout, prediction, shift, as: UInt64.self)
        }
    }

    /// The words whose residuals these are; the inverse of ``residuals(of:base:count:layout:prediction:shift:)``.
    public static func words(
        from residuals: [UInt8], base: [UInt8], count: Int, layout: WordLayout, prediction: BasePrediction, shift: Int
    ) -> [UInt8] {
        precondition(residuals.count >= count * layout.width && base.count >= count * layout.width)
        return switch layout.width {
        case 1: words(residuals, base, count, layout, prediction, shift, as: UInt8.self)
        case 2: words(residuals, base, count, layout, prediction, shift, as: UInt16.self)
        case 4: words(residuals, base, count, layout, prediction, shift, as: UInt32.self)
        default: words(residuals, base, count, layout, prediction, shift, as: UInt64.self)
        }
    }

    /// Bits that are set in the difference of at least one pair of words, for choosing a shift.
    ///
    /// Once the lowest bit is among them the rest is not looked at.
    public static func usedBits(of words: [UInt8], base: [UInt8], count: Int, layout: WordLayout) -> UInt64 {
        precondition(words.count >= count * layout.width && base.count >= count * layout.width)
        return switch layout.width {
        case 1: usedBits(words, base, count, layout, as: UInt8.self)
        case 2: usedBits(words, base, count, layout, as: UInt16.self)
        case 4: usedBits(words, base, count, layout, as: UInt32.self)
        default: usedBits(words, base, count, layout, as: UInt64.self)
        }
    }

    /// o(x) of the specification.
    @inline(__always)
    static func ordered<Word: TensorWord>(_ word: Word, isFloat: Bool) -> Word {
        guard isFloat else { return word }
        let sign = word &>> Word(Word.bitWidth - 1)
        // All ones if the sign is set, else the top bit alone.
        return word ^ ((0 &- sign) | (1 &<< Word(Word.bitWidth - 1)))
    }

    /// The inverse of ``ordered(_:isFloat:)``.
    @inline(__always)
    static func unordered<Word: TensorWord>(_ order: Word, isFloat: Bool) -> Word {
        guard isFloat else { return order }
        let sign = 1 &- (order &>> Word(Word.bitWidth - 1))
        return order ^ ((0 &- sign) | (1 &<< Word(Word.bitWidth - 1)))
    }

    /// All ones for a negative floating-point base word: xor and subtract with it negates.
    @inline(__always)
    static func negation<Word: TensorWord>(_ base: Word, isFloat: Bool) -> Word {
        isFloat ? 0 &- (base &>> Word(Word.bitWidth - 1)) : 0
    }

    /// The move of a word away from zero, in units of the base's last place.
    @inline(__always)
    static func move<Word: TensorWord>(_ word: Word, from base: Word, isFloat: Bool) -> Word {
        let difference = ordered(word, isFloat: isFloat) &- ordered(base, isFloat: isFloat)
        let negation = negation(base, isFloat: isFloat)
        return (difference ^ negation) &- negation
    }

    private static func residuals<Word: TensorWord>(
        _ words: [UInt8], _ base: [UInt8], _ count: Int, _ layout: WordLayout, _ prediction: BasePrediction,
        _ shift: Int, as type: Word.Type
    ) -> [UInt8] {
        let isFloat = layout.mantissaBits != nil
        let predictor = Predictor<Word>(prediction, mantissaBits: layout.mantissaBits ?? 0)
        return predictor.steps.withUnsafeBufferPointer { steps in
            words.withUnsafeBytes { words in
                base.withUnsafeBytes { base in
                    guard let words = words.baseAddress, let base = base.baseAddress, let steps = steps.baseAddress
                    else { return [] }
                    return filledBytes(count * layout.width) { target in
                        // One loop for each case, so that the compiler sees straight code and can vectorise it.
                        @inline(__always)
                        func fill(isFloat: Bool, isPredicted: Bool) {
                            for index in 0..<count {
                                let baseWord: Word = base.word(index)
                                var difference = move(words.word(index), from: baseWord, isFloat: isFloat)
                                if isPredicted {
                                    difference = difference &- predictor.move(of: baseWord, steps: steps)
                                }
                                let value = Word.signed(difference) &>> Word.SignedWord(truncatingIfNeeded: shift)
                                let zigZag = (value &<< 1) ^ (value &>> Word.SignedWord(Word.bitWidth - 1))
                                target.store(Word(bitPattern: zigZag), at: index)
                            }
                        }
                        if predictor.isNone {
                            isFloat ? fill(isFloat: true, isPredicted: false) : fill(isFloat: false, isPredicted: false)
                        } else {
                            fill(isFloat: isFloat, isPredicted: true)
                        }
                    }
                }
            }
        }
    }

    private static func words<Word: TensorWord>(
        _ residuals: [UInt8], _ base: [UInt8], _ count: Int, _ layout: WordLayout, _ prediction: BasePrediction,
        _ shift: Int, as type: Word.Type
    ) -> [UInt8] {
        let isFloat = layout.mantissaBits != nil
        let predictor = Predictor<Word>(prediction, mantissaBits: layout.mantissaBits ?? 0)
        return predictor.steps.withUnsafeBufferPointer { steps in
            residuals.withUnsafeBytes { residuals in
                base.withUnsafeBytes { base in
                    guard let residuals = residuals.baseAddress, let base = base.baseAddress,
                        let steps = steps.baseAddress
                    else { return [] }
                    return filledBytes(count * layout.width) { target in
                        @inline(__always)
                        func fill(isFloat: Bool, isPredicted: Bool) {
                            for index in 0..<count {
                                let zigZag: Word = residuals.word(index)
                                let baseWord: Word = base.word(index)
                                let value = (zigZag &>> 1) ^ (0 &- (zigZag & 1))
                                var difference = value &<< Word(truncatingIfNeeded: shift)
                                if isPredicted {
                                    difference = difference &+ predictor.move(of: baseWord, steps: steps)
                                }
                                let negation = negation(baseWord, isFloat: isFloat)
                                let signed = (difference ^ negation) &- negation
                                let order = ordered(baseWord, isFloat: isFloat) &+ signed
                                target.store(unordered(order, isFloat: isFloat), at: index)
                            }
                        }
                        if predictor.isNone {
                            isFloat ? fill(isFloat: true, isPredicted: false) : fill(isFloat: false, isPredicted: false)
                        } else {
                            fill(isFloat: isFloat, isPredicted: true)
                        }
                    }
                }
            }
        }
    }

    private static func usedBits<Word: TensorWord>(
        _ words: [UInt8], _ base: [UInt8], _ count: Int, _ layout: WordLayout, as type: Word.Type
    ) -> UInt64 {
        let isFloat = layout.mantissaBits != nil
        return words.withUnsafeBytes { words in
            base.withUnsafeBytes { base in
                guard let words = words.baseAddress, let base = base.baseAddress else { return 0 }
                var bits: Word = 0
                for index in 0..<count {
                    bits |= move(words.word(index), from: base.word(index), isFloat: isFloat)
                    // Nearly always one of the first words says that no bit can be dropped.
                    if bits & 1 == 1 { break }
                }
                return UInt64(bits)
            }
        }
    }
}
