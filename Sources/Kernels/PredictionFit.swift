/// Finds the prediction of a block from a sample of its words.
///
/// Only the encoder runs this, so its choices need not be repeatable elsewhere: the prediction is stored.
public enum PredictionFit {
    /// About sixty-four for each step of a staircase.
    private static let sampleTarget = 16_384
    /// Enough for a median.
    private static let slopeSampleTarget = 1024

    /// The staircase or slope that takes most out of the differences, or none.
    public static func fit(words: [UInt8], base: [UInt8], count: Int, layout: WordLayout) -> BasePrediction {
        guard let mantissaBits = layout.mantissaBits, layout.width > 1, count >= 256 else { return .none }
        let moves =
            switch layout.width {
            case 2: sample(words, base, count, mantissaBits, as: UInt16.self)
            case 4: sample(words, base, count, mantissaBits, as: UInt32.self)
            default: sample(words, base, count, mantissaBits, as: UInt64.self)
            }
        if let staircase = staircase(moves, mantissaBits: mantissaBits) { return staircase }
        return slope(moves, mantissaBits: mantissaBits) ?? .none
    }

    private struct Move {
        /// The stored mantissa field of the base word.
        let field: UInt64
        /// Units in the last place, away from zero.
        let units: Int64
    }

    private static func sample<Word: TensorWord>(
        _ words: [UInt8], _ base: [UInt8], _ count: Int, _ mantissaBits: Int, as type: Word.Type
    ) -> [Move] {
        // An odd stride, so that rows of even length are not always hit in the same column.
        let stride = max(1, count / sampleTarget) | 1
        let mask = (UInt64(1) << UInt64(mantissaBits)) - 1
        return words.withUnsafeBytes { words in
            base.withUnsafeBytes { base in
                guard let words = words.baseAddress, let base = base.baseAddress else { return [] }
                return Swift.stride(from: 0, to: count, by: stride).map { index in
                    let baseWord: Word = base.word(index)
                    let move = WordDifference.move(words.word(index), from: baseWord, isFloat: true)
                    return Move(field: UInt64(baseWord) & mask, units: Int64(Word.signed(move)))
                }
            }
        }
    }

    /// The most frequent move of each mantissa bucket, if those explain an eighth of the sample better than zeros do.
    private static func staircase(_ moves: [Move], mantissaBits: Int) -> BasePrediction? {
        // A few buckets of a few moves tell whether it is worth sorting all.
        let few = stride(from: 0, to: moves.count, by: max(1, moves.count / slopeSampleTarget)).map { moves[$0] }
        guard steps(few, bits: min(4, mantissaBits), mantissaBits: mantissaBits) != nil else { return nil }
        let bits = min(BasePrediction.staircaseBitsLimit, mantissaBits)
        return steps(moves, bits: bits, mantissaBits: mantissaBits)
    }

    private static func steps(_ moves: [Move], bits: Int, mantissaBits: Int) -> BasePrediction? {
        var buckets = [[Int64]](repeating: [], count: 1 << bits)
        for move in moves { buckets[Int(move.field >> UInt64(mantissaBits - bits))].append(move.units) }
        var steps = [Int64](repeating: 0, count: buckets.count)
        var explained = 0
        var explainedByZero = 0
        for (position, bucket) in buckets.enumerated() {
            guard let mode = mostFrequent(bucket) else { continue }
            explainedByZero += mode.zeros
            guard mode.count * 8 >= bucket.count, mode.count > mode.zeros else {
                explained += mode.zeros
                continue
            }
            steps[position] = mode.value
            explained += mode.count
        }
        guard explained * 8 >= moves.count, explained - explainedByZero > moves.count / 32 else { return nil }
        return BasePrediction(staircase: steps, staircaseBits: bits)
    }

    private static func mostFrequent(_ values: [Int64]) -> (value: Int64, count: Int, zeros: Int)? {
        let sorted = values.sorted()
        guard var value = sorted.first else { return nil }
        var best = (value: value, count: 0, zeros: 0)
        var run = 0
        for next in sorted {
            run = next == value ? run + 1 : 1
            value = next
            if run > best.count { best = (value, run, best.zeros) }
            if value == 0 { best.zeros = run }
        }
        return best
    }

    /// The median ratio of move to mantissa, if it makes the moves shorter by a quarter of a bit in the mean.
    private static func slope(_ moves: [Move], mantissaBits: Int) -> BasePrediction? {
        let implicit = UInt64(1) << UInt64(mantissaBits)
        let sample = stride(from: 0, to: moves.count, by: max(1, moves.count / slopeSampleTarget)).map { moves[$0] }
        let ratios = sample.map { Double($0.units) / Double($0.field | implicit) }.sorted()
        guard !ratios.isEmpty else { return nil }
        let scaled = (ratios[ratios.count / 2] * 4_294_967_296).rounded()
        guard scaled != 0, abs(scaled) < Double(BasePrediction.slopeLimit) else { return nil }
        let slope = Int64(scaled)
        var bitsBefore = 0
        var bitsAfter = 0
        for move in sample {
            let predicted = (Double(move.field | implicit) * scaled / 4_294_967_296).rounded()
            bitsBefore += 64 - move.units.magnitude.leadingZeroBitCount
            bitsAfter += 64 - (move.units &- Int64(predicted)).magnitude.leadingZeroBitCount
        }
        guard (bitsBefore - bitsAfter) * 4 > sample.count else { return nil }
        return BasePrediction(slope: slope)
    }
}
