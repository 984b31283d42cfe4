/// The two parts of a model card: its front matter, and what people read.
struct CardText {
    /// Without the lines around it; nil if there is none.
    let frontMatter: String?
    let body: String

    init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else {
            frontMatter = nil
            body = Self.withTablesApart(lines[...])
            return
        }
        frontMatter = lines[1..<end].joined(separator: "\n")
        body = Self.withTablesApart(lines[(end + 1)...])
    }

    /// The Hub shows a table that follows a line of text at once, as cards of many trainers have them; for the parser it has to stand apart.
    private static func withTablesApart(_ lines: ArraySlice<Substring>) -> String {
        var result: [Substring] = []
        result.reserveCapacity(lines.count)
        var fence: (mark: Character, length: Int)?
        for (index, line) in lines.enumerated() {
            let text = line.drop { $0 == " " }
            if let mark = text.first, mark == "`" || mark == "~" {
                let length = text.prefix { $0 == mark }.count
                if let open = fence {
                    if open.mark == mark, length >= open.length { fence = nil }
                } else if length >= 3 {
                    fence = (mark, length)
                }
            }
            let next = lines.startIndex + index + 1
            if fence == nil, text.contains("|"), next < lines.endIndex, isDelimiter(lines[next]),
                let before = result.last, !before.contains("|"), !before.allSatisfy(\.isWhitespace)
            {
                result.append("")
            }
            let isHead = fence == nil && index > 0 && isDelimiter(line)
            result.append(isHead ? Self.withLongDashes(line) : line)
        }
        return result.joined(separator: "\n")
    }

    /// One dash is enough on the Hub; the parser asks for three.
    private static func withLongDashes(_ line: Substring) -> Substring {
        Substring(line.replacing(/-+/, with: "---"))
    }

    /// Whether a line is the one below the head of a table: `|:---|---:|`.
    private static func isDelimiter(_ line: Substring) -> Bool {
        line.contains("|") && line.contains("-") && line.allSatisfy { "|:- ".contains($0) }
    }
}
