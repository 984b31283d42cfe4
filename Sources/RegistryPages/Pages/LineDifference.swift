/// How two texts differ, line by line, with some lines around each change.
public struct LineDifference: Sendable {
    public enum Line: Sendable, Equatable {
        case same(String)
        case added(String)
        case taken(String)
        /// Lines that are the same in both, and left out.
        case gap(Int)
    }

    /// Longer texts are not compared: the time grows with the square of the differences.
    private static let mostLines = 2000
    private static let around = 3

    public let lines: [Line]

    /// - Returns: nil if one of the texts is too long.
    public init?(from old: String, to new: String) {
        let before = old.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        let after = new.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        guard before.count <= Self.mostLines, after.count <= Self.mostLines else { return nil }
        let difference = after.difference(from: before)
        var taken = Set<Int>()
        var added: [Int: String] = [:]
        for change in difference {
            switch change {
            case .remove(let offset, _, _): taken.insert(offset)
            case .insert(let offset, let element, _): added[offset] = element
            }
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
            case .gap(let count): "<span class=\"place\">... \(count) more ...</span>"
            }
        }
        return Markup(parts, separator: "")
    }
}
