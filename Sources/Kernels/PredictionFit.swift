/// Finds the prediction of a block from a sample of its words.
///
/// Only the encoder runs this, so its choices need not be repeatable elsewhere: the prediction is stored.
public enum PredictionFit {
    /// About sixty-four for each step of a staircase.
    private static let sampleTarget = 16_384
    /// Enough for a median, and for the modes of a coarse staircase.
    private static let fewTarget = 1024

    /// The staircase or slope that takes most out of the differences, or none.
    public static func fit(words: [UInt8], base: [UInt8], count: Int, layout: WordLayout) -> BasePrediction {
        guard let mantissaBits = layout.mantissaBits, layout.width > 1, count >= 256 else { return .none }
        func sample(_ target: Int) -> [Move] {
            switch layout.width {
            case 2: self.sample(words, base, count, target, mantissaBits, as: UInt16.self)
            case 4: self.sample(words, base, count, target, mantissaBits, as: UInt32.self)
            default: self.sample(words, base, count, target, mantissaBits, as: UInt64.self)
            }
        }
        // A few moves tell whether it is worth looking at more.
        let few = sample(fewTarget)
        if steps(few, bits: min(4, mantissaBits), mantissaBits: mantissaBits) != nil {
            let bits = min(BasePrediction.staircaseBitsLimit, mantissaBits)
            let staircase = steps(sample(sampleTarget), bits: bits, mantissaBits: mantissaBits)
            if let staircase { return staircase }
        }
        return slope(few, mantissaBits: mantissaBits) ?? .none
    }

    private struct Move {
        /// The stored mantissa field of the base word.
        let field: UInt64
        /// Units in the last place, away from zero.
        let units: Int64
    }

    private static func sample<Word: TensorWord>(
        _ words: [UInt8], _ base: [UInt8], _ count: Int, _ target: Int, _ mantissaBits: Int, as type: Word.Type
    ) -> [Move] {
        // An odd stride, so that rows of even length are not always hit in the same column.
        let stride = max(1, count / target) | 1
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
        let ratios = moves.map { Double($0.units) / Double($0.field | implicit) }.sorted()
        guard !ratios.isEmpty else { return nil }
        let scaled = (ratios[ratios.count / 2] * 4_294_967_296).rounded()
        guard scaled != 0, abs(scaled) < Double(BasePrediction.slopeLimit) else { return nil }
        let slope = Int64(scaled)
        var bitsBefore = 0
        var bitsAfter = 0
        for move in moves {
            let predicted = (Double(move.field | implicit) * scaled / 4_294_967_296).rounded()
            bitsBefore += 64 - move.units.magnitude.leadingZeroBitCount
            bitsAfter += 64 - (move.units &- Int64(predicted)).magnitude.leadingZeroBitCount
        }
        guard (bitsBefore - bitsAfter) * 4 > moves.count else { return nil }
        return BasePrediction(slope: slope)
    }
}
