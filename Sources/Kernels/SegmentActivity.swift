/// Measures how much each segment of residuals moves, and sorts segments into classes by it.
public enum SegmentActivity {
    /// The classes that are worth a partition of their own, by splitting at the gaps of the segments' mean bit lengths.
    ///
    /// - Parameters:
    ///   - residuals: zig-zagged residuals, `count` words.
    ///   - length: elements of a segment (a row of the tensor).
    ///   - firstLength: elements of the first segment.
    public static func classify(
        _ residuals: [UInt8], count: Int, layout: WordLayout, length: Int, firstLength: Int
    ) -> SegmentClasses {
        guard length > 0, firstLength > 0, count >= 4 * length else { return .single }
        let means =
            switch layout.width {
            case 1: means(residuals, count, length, firstLength, as: UInt8.self)
            case 2: means(residuals, count, length, firstLength, as: UInt16.self)
            case 4: means(residuals, count, length, firstLength, as: UInt32.self)
            default: means(residuals, count, length, firstLength, as: UInt64.self)
            }
        var thresholds: [Int] = []
        split(means.sorted()[...], into: &thresholds, depth: 2)
        guard !thresholds.isEmpty else { return .single }
        thresholds.sort()
        let classes = means.map { mean in UInt8(thresholds.count { $0 <= mean }) }
        return SegmentClasses(
            classCount: thresholds.count + 1, length: length, firstLength: firstLength, classes: classes)
    }

    /// The mean bit length of each segment's residuals, in 64ths of a bit.
    private static func means<Word: TensorWord>(
        _ residuals: [UInt8], _ count: Int, _ length: Int, _ firstLength: Int, as type: Word.Type
    ) -> [Int] {
        residuals.withUnsafeBytes { source in
            guard let source = source.baseAddress else { return [] }
            var means: [Int] = []
            var start = 0
            while start < count {
                let end = min(count, start + (start == 0 ? firstLength : length))
                // No segment is longer than 2^16, so that 32 bits are enough.
                var sum: Int32 = 0
                for index in start..<end { sum &+= source.word(index, as: Word.self).bitLength }
                means.append(Int(sum) * 64 / (end - start))
                start = end
            }
            return means
        }
    }

    /// Otsu's split of sorted values, kept if the two sides' means are over a bit apart and explain most of the variance;
    /// then each side again.
    private static func split(_ sorted: ArraySlice<Int>, into thresholds: inout [Int], depth: Int) {
        guard depth > 0, sorted.count >= 8, let first = sorted.first, let last = sorted.last, last - first > 64 else {
            return
        }
        let total = sorted.reduce(0, +)
        var sum = 0
        var best = (index: sorted.startIndex, spread: 0.0, gap: 0.0)
        for index in sorted.indices.dropLast() {
            sum += sorted[index]
            guard sorted[index] != sorted[index + 1] else { continue }
            let left = Double(index + 1 - sorted.startIndex)
            let right = Double(sorted.endIndex - index - 1)
            let gap = Double(total - sum) / right - Double(sum) / left
            let spread = left * right * gap * gap
            if spread > best.spread { best = (index + 1, spread, gap) }
        }
        // Two halves of one normal distribution explain 64 % of its variance, of a uniform one 75 %: those are no classes.
        let mean = Double(total) / Double(sorted.count)
        let variance = sorted.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        let explained = best.spread / Double(sorted.count)
        guard best.gap > 64, explained > 0.8 * variance else { return }
        thresholds.append(sorted[best.index])
        split(sorted[..<best.index], into: &thresholds, depth: depth - 1)
        split(sorted[best.index...], into: &thresholds, depth: depth - 1)
    }
}
