internal import CMarkGFM
internal import Synchronization

/// What a card says, as a tree: CommonMark with GitHub's tables, task lists and struck-out text.
///
/// GitHub's own extension for bare addresses is not among them: of a text such as `:x@y` it reads what is in memory before it
/// (cmark-gfm 0.29.0.gfm.6). See ``BareAddress``.
struct CardDocument: ~Copyable {
    private let root: OpaquePointer

    /// The library keeps in variables of its own which characters mean something while a text is parsed.
    private static let gate = Mutex(())
    private static let extensions = ["table", "strikethrough", "tasklist"]

    /// - Returns: nil if the library lacks what is asked of it.
    init?(_ markdown: [UInt8]) {
        var parsed: OpaquePointer?
        Self.gate.withLock { _ in parsed = Self.parse(markdown) }
        guard let parsed else { return nil }
        // Texts are in pieces wherever something might have begun.
        cmark_consolidate_text_nodes(parsed)
        root = parsed
    }

    deinit { cmark_node_free(root) }

    private static func parse(_ markdown: [UInt8]) -> OpaquePointer? {
        cmark_gfm_core_extensions_ensure_registered()
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return nil }
        defer { cmark_parser_free(parser) }
        for name in extensions {
            guard let found = cmark_find_syntax_extension(name),
                cmark_parser_attach_syntax_extension(parser, found) != 0
            else { return nil }
        }
        markdown.withUnsafeBytes { bytes in
            cmark_parser_feed(parser, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        }
        return cmark_parser_finish(parser)
    }

    /// Visits every node in the order of the text: before what is in it, and after it unless it is one that has nothing in it.
    ///
    /// - Parameter visit: whether to go on.
    /// - Returns: whether all were visited.
    func walk(_ visit: (_ node: CardNode, _ isEntered: Bool) -> Bool) -> Bool {
        guard let iterator = cmark_iter_new(root) else { return false }
        defer { cmark_iter_free(iterator) }
        while true {
            let event = cmark_iter_next(iterator)
            guard event != CMARK_EVENT_DONE else { return true }
            guard let node = cmark_iter_get_node(iterator).map(CardNode.init(pointer:)) else { return false }
            guard visit(node, event == CMARK_EVENT_ENTER) else { return false }
        }
    }
}
