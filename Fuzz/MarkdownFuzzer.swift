@testable internal import RegistryPages

/// Renders a model card, and reads what was written: it has to have markup of ours only, whatever the card is.
enum MarkdownFuzzer {
    private static let tags: Set<String> = [
        "a", "blockquote", "br", "code", "del", "div", "em", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
        "pre", "strong",
        "table", "tbody", "td", "th", "thead", "tr", "ul",
    ]
    private static let targets = ["href=\"http://", "href=\"https://", "href=\"mailto:", "href=\"/f/", "src=\"/f/"]

    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        let card = CardText(String(decoding: bytes, as: UTF8.self))
        guard let markup = CardRenderer(file: { "/f/" + $0 }).render(card.body)?.text else { return }
        // Browsers read code points: a mark of HTML before a combining character is one.
        let html = String(String.UnicodeScalarView(markup.unicodeScalars.map { $0.isASCII ? $0 : "x" }))
        // Texts have no angle brackets, and attributes no quotation marks: what is between them was written here.
        for part in html.split(separator: "<").dropFirst(html.hasPrefix("<") ? 0 : 1) {
            let tag = part.prefix { $0 != ">" }
            try FuzzParser.require(tag.count < part.count, "a tag has no end")
            let name = tag.drop { $0 == "/" }.prefix { $0 != " " }
            try FuzzParser.require(tags.contains(String(name)), "a card made the tag \(name)")
            try FuzzParser.require(tag.count { $0 == "\"" } % 2 == 0, "an attribute has no end")
            for attribute in ["href=\"", "src=\""] {
                guard let found = tag.firstRange(of: attribute) else { continue }
                let target = tag[found.lowerBound...].lowercased()
                try FuzzParser.require(
                    targets.contains(where: target.hasPrefix), "a card leads to \(target.prefix(50))")
            }
        }
    }
}
