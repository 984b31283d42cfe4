@testable internal import RegistryPages

/// Renders a model card, and reads what was written: it has to have markup of ours only, whatever the card is.
enum MarkdownFuzzer {
    private static let tags: Set<String> = [
        "a", "blockquote", "br", "code", "del", "div", "em", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
        "pre", "strong",
        "table", "tbody", "td", "th", "thead", "tr", "ul",
    ]
    /// What a value may begin with.
    private static let attributes = [
        " href=": ["http://", "https://", "mailto:", "/f/"], " src=": ["/f/"], " rel=": [""], " alt=": [""],
        " loading=": [""], " start=": [""], " tabindex=": [""], " class=": [""], " role=": [""], " aria-label=": [""],
    ]

    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        let card = CardText(String(decoding: bytes, as: UTF8.self))
        guard let markup = CardRenderer(file: { "/f/" + $0 }).render(card.body)?.text else { return }
        // Browsers read code points: a mark of HTML before a combining character is one.
        let html = String(String.UnicodeScalarView(markup.unicodeScalars.map { $0.isASCII ? $0 : "x" }))
        // Texts have no angle brackets, and attributes no quotation marks: what is between them was written here.
        for part in html.split(separator: "<").dropFirst(html.hasPrefix("<") ? 0 : 1) {
            let tag = part.prefix { $0 != ">" }
            try FuzzParser.require(tag.count < part.count, "a tag has no end")
            let isEnd = tag.hasPrefix("/")
            let name = tag.dropFirst(isEnd ? 1 : 0).prefix { $0 != " " }
            try FuzzParser.require(tags.contains(String(name)), "a card made the tag \(name)")
            // Names of attributes and their values, in turn, and what follows the last.
            var parts = tag.dropFirst(name.count + (isEnd ? 1 : 0)).split(
                separator: "\"", omittingEmptySubsequences: false)[...]
            try FuzzParser.require(
                parts.popLast()?.isEmpty == true && parts.count.isMultiple(of: 2), "an attribute has no end")
            while let attribute = parts.popFirst(), let value = parts.popFirst() {
                let allowed = attributes[String(attribute)] ?? []
                let target = value.lowercased()
                try FuzzParser.require(
                    allowed.contains { $0.isEmpty || target.hasPrefix($0) },
                    "a card has the attribute\(attribute)\"\(target.prefix(50))")
            }
        }
    }
}
