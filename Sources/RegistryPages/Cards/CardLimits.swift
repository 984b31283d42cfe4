/// What a card may have, so that the parser is done with it in a fraction of a second.
///
/// cmark-gfm 0.29.0.gfm.6 takes time by the square of some marks' number, and copies addresses for every use of them. Cards of people are far from these
/// limits; what takes long without reaching them is stopped by ``CardDocument``.
enum CardLimits {
    static let bytes = 64 << 10
    /// Marks of lists and quotations at the start of one line; the parser looks at all of them again in every line that follows.
    private static let nesting = 40
    private static let pipesInLine = 2000
    /// Columns of tables times lines: rows are filled up with empty cells, so few bytes can be millions of them.
    private static let cells = 100_000
    /// Bytes of the longest paragraph that may define where references lead, times what may be a reference.
    private static let referenceBytes = 32 << 20
    private static let marks: [(mark: [UInt8], most: Int)] = [
        ("<?", 4000), ("<!", 4000), ("![", 4000), ("~", 8000), (")", 16_000),
    ].map { (Array($0.utf8), $1) }

    static func areKept(by card: [UInt8]) -> Bool {
        guard card.count <= bytes else { return false }
        for (mark, most) in marks {
            guard count(of: mark, in: card) <= most else { return false }
        }
        let lines = card.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var columns = 0
        for line in lines {
            let pipes = line.count { $0 == UInt8(ascii: "|") }
            guard pipes <= pipesInLine, !nestsDeeply(line) else { return false }
            if pipes >= columns, line.contains(UInt8(ascii: "-")), line.allSatisfy(isOfDelimiterRow) {
                columns = pipes + 1
            }
        }
        guard columns * lines.count <= cells else { return false }
        return longestDefinition(in: lines) * card.count { $0 == UInt8(ascii: "]") } <= referenceBytes
    }

    private static func count(of mark: [UInt8], in card: [UInt8]) -> Int {
        card.indices.count { card[$0] == mark.first && card[$0...].starts(with: mark) }
    }

    private static func nestsDeeply(_ line: ArraySlice<UInt8>) -> Bool {
        var marks = 0
        var isMark = false
        for byte in line {
            switch byte {
            case UInt8(ascii: ">"): marks += 1
            case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "."), UInt8(ascii: ")"):
                isMark = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                if isMark { marks += 1 }
                isMark = false
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            default: return marks > nesting
            }
        }
        return marks > nesting
    }

    /// Whether a line may have the byte if it is the one below the heads of a table, `|:---|---:|`, in lists and quotations too.
    private static func isOfDelimiterRow(_ byte: UInt8) -> Bool { byte <= 0x20 || delimiterRow.contains(byte) }
    private static let delimiterRow = Set("|:->*+.)0123456789".utf8)

    /// The most bytes of lines without an empty one between them, where a reference may be defined: `[name]: address "title"`.
    private static func longestDefinition(in lines: [ArraySlice<UInt8>]) -> Int {
        var longest = 0
        var size = 0
        var defines = false
        for line in lines {
            if line.allSatisfy({ $0 <= 0x20 }) {
                size = 0
                defines = false
                continue
            }
            size += line.count
            defines = defines || line.contains("]:".utf8)
            if defines { longest = max(longest, size) }
        }
        return longest
    }
}
