internal import CMarkGFM

/// A part of a card.
///
/// Not to be kept for longer than its ``CardDocument``.
struct CardNode {
    /// By the library's names.
    enum Kind: String {
        case quote = "block_quote"
        case list
        case item
        case codeBlock = "code_block"
        case htmlBlock = "html_block"
        case paragraph
        case heading
        case rule = "thematic_break"
        case table
        case tableHead = "table_header"
        case tableRow = "table_row"
        case tableCell = "table_cell"
        case text
        case softBreak = "softbreak"
        case lineBreak = "linebreak"
        case code
        case html = "html_inline"
        case emphasis = "emph"
        case strong
        case struckOut = "strikethrough"
        case link
        case picture = "image"
    }

    let pointer: OpaquePointer

    /// Nil for what shows nothing of its own, as the document.
    var kind: Kind? { cmark_node_get_type_string(pointer).flatMap { Kind(rawValue: String(cString: $0)) } }

    /// The text of a node that has nothing in it.
    var literal: String { cmark_node_get_literal(pointer).map { String(cString: $0) } ?? "" }

    /// Where a link or a picture leads.
    var address: String { cmark_node_get_url(pointer).map { String(cString: $0) } ?? "" }

    var headingLevel: Int { Int(cmark_node_get_heading_level(pointer)) }

    /// The first number of a list; nil if it has none.
    var listStart: Int? {
        cmark_node_get_list_type(pointer) == CMARK_ORDERED_LIST ? Int(cmark_node_get_list_start(pointer)) : nil
    }

    var parent: CardNode? { cmark_node_parent(pointer).map(CardNode.init(pointer:)) }
    var previous: CardNode? { cmark_node_previous(pointer).map(CardNode.init(pointer:)) }
    var next: CardNode? { cmark_node_next(pointer).map(CardNode.init(pointer:)) }

    /// Whether it is in an item of a list without space between its items.
    var isTight: Bool {
        guard let list = parent?.parent, list.kind == .list else { return false }
        return cmark_node_get_list_tight(list.pointer) != 0
    }
}
