/// A model card, ready to be shown.
public enum ModelCardView: Sendable {
    /// The version has none.
    case none
    /// It is no text, or ``CardRenderer`` refuses it.
    case unreadable
    /// What is stored of it cannot be read.
    case failed(String)
    case shown(frontMatter: String?, Markup)

    public static let path = "README.md"

    /// - Parameters:
    ///   - text: nil if the file is too long or no text.
    ///   - file: as of ``CardRenderer``.
    public init(text: String?, file: @escaping @Sendable (String) -> String?) {
        guard let text else {
            self = .unreadable
            return
        }
        let card = CardText(text)
        self =
            CardRenderer(file: file).render(card.body).map { .shown(frontMatter: card.frontMatter, $0) } ?? .unreadable
    }

    public var byteCount: Int {
        if case .shown(let front, let body) = self { (front?.utf8.count ?? 0) + body.text.utf8.count } else { 0 }
    }

    @MarkupChoice var markup: Markup {
        switch self {
        case .none: "<p>It has none: a file README.md would be shown here.</p>"
        case .unreadable:
            "<p>The card is too long or too intricate to be shown, or no text; it is README.md among the files.</p>"
        case .failed(let problem): "<p class=\"warning\" role=\"status\">The card cannot be read: \(problem)</p>"
        case .shown(let front, let body):
            if let front {
                "<details><summary>Front matter</summary><pre tabindex=\"0\"><code>\(front)</code></pre></details>"
            }
            "<div class=\"card\">\(body)</div>"
        }
    }
}
