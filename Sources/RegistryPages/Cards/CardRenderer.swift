/// Markdown of a model card as HTML that does nothing but show it.
///
/// The card is from outside: tags in it are left out, and the text between them stays; links lead to web pages, mail or files of the version and nowhere
/// else; pictures are shown if they are files of the version, and are links otherwise, so that no page asks another server for
/// anything.
public struct CardRenderer: Sendable {
    /// The longest text that is rendered, in bytes.
    public static let longest = 64 << 10

    /// Where a file of the version is; nil if it cannot be linked to.
    let file: @Sendable (String) -> String?

    public init(file: @escaping @Sendable (String) -> String?) {
        self.file = file
    }

    /// - Returns: nil if the text is too long, nests too deeply, or has tables that are too large.
    public func render(_ markdown: String) -> Markup? {
        let bytes = Array(markdown.utf8)
        guard bytes.count <= Self.longest, !Self.nestsDeeply(bytes), !Self.hasHugeTable(bytes),
            let document = CardDocument(bytes)
        else { return nil }
        var writer = CardWriter(file: file)
        return document.walk { writer.visit($0, isEntered: $1) } ? writer.markup : nil
    }

    // MARK: - What would take the parser long

    /// Marks of lists and quotations at the start of one line; the parser looks at all of them again in every line that follows.
    private static let mostMarks = 40

    private static func nestsDeeply(_ bytes: [UInt8]) -> Bool {
        bytes.split(separator: UInt8(ascii: "\n")).contains { line in
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
                default: return marks > mostMarks
                }
            }
            return marks > mostMarks
        }
    }

    /// The parser fills rows up with empty cells: few bytes can be millions of them.
    private static let mostColumns = 500
    private static let mostCells = 100_000

    private static func hasHugeTable(_ bytes: [UInt8]) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let columns = 1 + (lines.map { $0.count { $0 == UInt8(ascii: "|") } }.max() ?? 0)
        return columns > mostColumns || columns * lines.count > mostCells
    }
}
