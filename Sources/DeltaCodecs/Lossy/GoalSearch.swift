/// Finds where a wish stops being met.
enum GoalSearch {
    /// The largest of a range for which a test holds that holds up to somewhere and not after; nil if it never holds.
    static func largest(in range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int? {
        guard holds(range.lowerBound) else { return nil }
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = low + (high - low + 1) / 2
            if holds(middle) { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The smallest of a range for which a test holds that holds from somewhere on; nil if it never holds.
    static func smallest(in range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int? {
        guard !holds(range.lowerBound) else { return range.lowerBound }
        guard let last = largest(in: range, where: { !holds($0) }), last < range.upperBound else { return nil }
        return last + 1
    }
}
