internal import CMarkGFM
internal import Foundation
internal import Synchronization

/// What a card says, as a tree: CommonMark with GitHub's tables, struck-out text and bare addresses.
///
/// Boxes of task lists are read by ``CardWriter``: the library takes `[x]` anywhere in a line for a checked one.
struct CardDocument: ~Copyable {
    private let root: OpaquePointer

    /// The library keeps in variables of its own which characters mean something while a text is parsed.
    private static let gate = Mutex(())
    private static let extensions = ["table", "strikethrough", "autolink"]
    /// Processor time, in seconds, after which no more lines are read: a card as long as one may be, of the text of real ones, takes 0.0015.
    private static let mostTime = 0.25

    /// - Parameter markdown: UTF-8, within ``CardLimits``.
    /// - Returns: nil if it takes too long.
    init?(_ markdown: [UInt8]) {
        var parsed: OpaquePointer?
        Self.gate.withLock { _ in parsed = Self.parse(markdown) }
        guard let parsed else { return nil }
        root = parsed
    }

    deinit { cmark_node_free(root) }

    private static func parse(_ markdown: [UInt8]) -> OpaquePointer? {
        cmark_gfm_core_extensions_ensure_registered()
        let parser = cmark_parser_new(CMARK_OPT_DEFAULT)
        defer { cmark_parser_free(parser) }
        for name in extensions {
            guard let found = cmark_find_syntax_extension(name) else {
                preconditionFailure("cmark-gfm that this was built with has no extension \(name)")
            }
            // What comes after parsing is a search for addresses of mail, which reads before the start of `:x@y` (0.29.0.gfm.6).
            if name == "autolink" { cmark_syntax_extension_set_postprocess_func(found, nil) }
            cmark_parser_attach_syntax_extension(parser, found)
        }
        // Line by line: it can be stopped between them, as what looks like heads of tables can take time by the cube of its size.
        let start = processorTime
        var rest = markdown[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
            rest[..<end].withUnsafeBytes { line in
                cmark_parser_feed(parser, line.bindMemory(to: CChar.self).baseAddress, line.count)
            }
            rest = rest[end...]
            guard processorTime - start <= mostTime else { return nil }
        }
        return cmark_parser_finish(parser)
    }

    /// Of this thread, in seconds.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    /// Visits every node in the order of the text: before what is in it, and after it unless it is of a kind that never has anything in it.
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
