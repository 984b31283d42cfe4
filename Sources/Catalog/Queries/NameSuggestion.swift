/// Guesses which name was meant.
enum NameSuggestion {
    /// The name that is nearest to what was written, if any is near: one that differs in case or in the namespace only,
    /// or by at most two edits and a third of its letters.
    static func closest(to written: String, in names: [String]) -> String? {
        let wanted = Array(written.lowercased().utf8)
        let last = lastPart(wanted)
        var best: (name: String, edits: Int)?
        for name in names {
            let candidate = Array(name.lowercased().utf8)
            let limit = min(2, max(wanted.count, candidate.count) / 3, (best?.edits ?? 3) - 1)
            if limit >= 0, let edits = distance(wanted, candidate, limit: limit) { best = (name, edits) }
        }
        return best?.name ?? names.first { lastPart(Array($0.lowercased().utf8)) == last }
    }

    private static func lastPart(_ name: [UInt8]) -> ArraySlice<UInt8> {
        name[(name.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
    }

    /// The number of letters to insert, remove or replace; nil if it is over `limit`.
    static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int? {
        guard abs(left.count - right.count) <= limit else { return nil }
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (letter == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            guard current.contains(where: { $0 <= limit }) else { return nil }
            previous = current
        }
        return previous[right.count] <= limit ? previous[right.count] : nil
    }
}
