/// Markdown of a model card as HTML that does nothing but show it.
///
/// The card is from outside: tags in it are left out, and the text between them stays; links lead to web pages, mail or files of the version and nowhere
/// else; pictures are shown if they are files of the version, and are links otherwise, so that no page asks another server for
/// anything.
public struct CardRenderer: Sendable {
    /// The longest text that is rendered, in bytes.
    public static let longest = CardLimits.bytes

    /// Where a file of the version is; nil if it cannot be linked to.
    let file: @Sendable (String) -> String?

    public init(file: @escaping @Sendable (String) -> String?) {
        self.file = file
    }

    /// - Returns: nil if the text is beyond ``CardLimits``, takes the parser long, or makes too much of a page.
    public func render(_ markdown: String) -> Markup? {
        let bytes = Array(markdown.utf8)
        guard CardLimits.areKept(by: bytes), let document = CardDocument(bytes) else { return nil }
        var writer = CardWriter(file: file)
        return document.walk { writer.visit($0, isEntered: $1) } ? writer.markup : nil
    }
}
