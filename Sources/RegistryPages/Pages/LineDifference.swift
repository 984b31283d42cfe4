/// How two texts differ, line by line, with some lines around each change.
public struct LineDifference: Sendable {
    public enum Line: Sendable, Equatable {
        case same(String)
        case added(String)
        case taken(String)
        /// Lines that are the same in both, and left out.
        case gap(Int)
        /// No line differs: the ends of lines do, or which of two forms of a character was written.
        case onlyForms
    }

    private static let mostLines = 5000
    /// Lines between the first and the last that differ; of more of them, the time would grow with the square.
    private static let mostDiffering = 600
    private static let around = 3

    public let lines: [Line]

    /// - Returns: nil if one of the texts is too long, or too much of it differs.
    public init?(from old: String, to new: String) {
        let before = old.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        let after = new.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        guard before.count <= Self.mostLines, after.count <= Self.mostLines else { return nil }
        let isSame = { (one: String, other: String) in one.utf8.elementsEqual(other.utf8) }
        let head = zip(before, after).prefix { isSame($0, $1) }.count
        let most = min(before.count, after.count) - head
        let tail = zip(before.reversed(), after.reversed()).prefix(most).prefix { isSame($0, $1) }.count
        let (old, new) = (before[head..<before.count - tail], after[head..<after.count - tail])
        guard max(old.count, new.count) <= Self.mostDiffering else { return nil }
        var taken = Set<Int>()
        var added: [Int: String] = [:]
        for change in Array(new).difference(from: Array(old), by: isSame) {
            switch change {
            case .remove(let offset, _, _): taken.insert(head + offset)
            case .insert(let offset, let element, _): added[head + offset] = element
            }
        }
        guard !taken.isEmpty || !added.isEmpty else {
            lines = [.onlyForms]
            return
        }
        var all: [Line] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if taken.contains(left) {
                all.append(.taken(before[left]))
                left += 1
            } else if let line = added[right] {
                all.append(.added(line))
                right += 1
            } else if left < before.count {
                all.append(.same(before[left]))
                left += 1
                right += 1
            } else {
                break
            }
        }
        lines = Self.shortened(all)
    }

    /// Without what is far from any change.
    private static func shortened(_ lines: [Line]) -> [Line] {
        var isNear = [Bool](repeating: false, count: lines.count)
        for (index, line) in lines.enumerated() {
            if case .same = line { continue }
            for near in max(0, index - around)...min(lines.count - 1, index + around) { isNear[near] = true }
        }
        var result: [Line] = []
        var left = 0
        for (index, line) in lines.enumerated() {
            if isNear[index] {
                if left > 0 { result.append(.gap(left)) }
                left = 0
                result.append(line)
            } else {
                left += 1
            }
        }
        if left > 0 { result.append(.gap(left)) }
        return result
    }

    var markup: Markup {
        let parts = lines.map { line -> Markup in
            switch line {
            case .same(let text): "<span>  \(text)</span>"
            case .added(let text): "<span class=\"added\">+ \(text)</span>"
            case .taken(let text): "<span class=\"taken\">- \(text)</span>"
            case .onlyForms: "<span class=\"place\">the same lines, with other ends</span>"
            case .gap(let count): "<span class=\"place\">... \(count) more ...</span>"
            }
        }
        return Markup(parts, separator: "")
    }
}
