/// What a piece of HTML says, without what it looks like.
enum HTMLText {
    /// Elements whose text is none.
    private static let silent = ["script", "style"]

    /// Elements that are on lines of their own.
    private static let lines: Set<String> = ["br", "li", "p", "div", "tr"]

    /// Whether what follows a tag is on a new line.
    static func beginsLine(_ tag: String) -> Bool {
        lines.contains(tag.drop { $0 == "<" || $0 == "/" }.prefix { $0.isLetter }.lowercased())
    }

    /// The text between the tags, with runs of white space as one space each.
    static func text(of html: String) -> String {
        var result = ""
        var rest = html[...]
        while let open = rest.firstIndex(of: "<") {
            result += rest[..<open]
            let tag = rest[open...]
            if tag.hasPrefix("<!--") {
                rest = after("-->", in: tag)
            } else {
                let name = tag.dropFirst().prefix { $0.isLetter }.lowercased()
                rest = after(">", in: silent.contains(name) ? after("</" + name, in: tag) : tag)
            }
            result += " "
        }
        result += rest
        return result.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// What follows the first of a mark; nothing if there is none.
    private static func after(_ mark: String, in text: Substring) -> Substring {
        guard let found = text.firstRange(of: mark) else { return "" }
        return text[found.upperBound...]
    }
}
