/// HTML that was made of a model card, read as strictly as it is written.
public enum CardMarkup {
    /// The tags that a card can have, and their attributes.
    private static let tags: [String: Set<String>] = [
        "a": ["href", "rel"], "img": ["src", "alt", "loading"], "ol": ["start"], "pre": ["tabindex"],
        "div": ["class", "role", "tabindex", "aria-label"],
        "p": [], "em": [], "strong": [], "del": [], "code": [], "ul": [], "li": [], "hr": [], "br": [],
        "blockquote": [],
        "table": [], "thead": [], "tbody": [], "tr": [], "th": [], "td": [], "h3": [], "h4": [], "h5": [], "h6": [],
    ]
    private static let empty: Set<String> = ["br", "hr", "img"]

    /// - Parameter files: what addresses of files of the version begin with.
    /// - Returns: what may not be there, or is not closed; nil if there is nothing such.
    public static func problem(in html: String, files: String) -> String? {
        // Browsers read code points: a mark of HTML before a combining character is one.
        let html = String(String.UnicodeScalarView(html.unicodeScalars.map { $0.isASCII ? $0 : "x" }))
        var open: [String] = []
        // Texts have no angle brackets, and attributes no quotation marks: what is between them was written here.
        for part in html.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
            guard let end = part.firstIndex(of: ">") else { return "a tag has no end: \(part.prefix(50))" }
            let tag = part[..<end]
            if tag.hasPrefix("/") {
                guard let name = open.popLast(), tag.dropFirst() == name else { return "nothing to end with <\(tag)>" }
                continue
            }
            let name = String(tag.prefix { $0 != " " })
            guard let attributes = tags[name] else { return "the tag <\(name)>" }
            if !empty.contains(name) { open.append(name) }
            if let problem = problem(inAttributes: tag.dropFirst(name.count), attributes, files: files) {
                return "\(problem) in <\(tag)>"
            }
        }
        return open.last.map { "<\($0)> is not closed" }
    }

    private static func problem(inAttributes text: Substring, _ allowed: Set<String>, files: String) -> String? {
        // Names and values, in turn, and what follows the last.
        var parts = text.split(separator: "\"", omittingEmptySubsequences: false)[...]
        guard parts.popLast()?.isEmpty == true, parts.count.isMultiple(of: 2) else { return "an attribute has no end" }
        while let start = parts.popFirst(), let value = parts.popFirst() {
            guard start.hasPrefix(" "), start.hasSuffix("="), allowed.contains(String(start.dropFirst().dropLast()))
            else {
                return "the attribute\(start)"
            }
            let target = value.lowercased()
            switch start {
            case " href=":
                guard ["https://", "http://", "mailto:", files].contains(where: target.hasPrefix) else {
                    return "a link to elsewhere"
                }
            case " src=":
                guard target.hasPrefix(files), !target.hasSuffix(".svg") else { return "a picture from elsewhere" }
            default: break
            }
        }
        return nil
    }
}
