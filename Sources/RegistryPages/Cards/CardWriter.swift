/// Writes the parts of a card as HTML, each when it begins and when it ends.
struct CardWriter {
    private(set) var markup = Markup.none
    private let file: (String) -> String?
    /// The text of a picture, instead of markup, while it is read, and how many pictures are in it.
    private var pictureText: (text: String, depth: Int)?
    /// What closes each open link; a link that may not be followed is no link.
    private var linkEnds: [Markup] = []
    /// What is before the head of a column while that is written: one without words is none.
    private var beforeHead: Markup?
    private var shownLevel = 2
    private var depth = 0
    private var addressBytes = 0

    init(file: @escaping (String) -> String?) {
        self.file = file
    }

    /// What is nested deeper is shown at this depth.
    private static let deepest = 24
    /// What the answer may have: tables can have many empty cells, and an address is up to six times as long when it is escaped.
    private static let mostBytes = 4 << 20
    /// What all addresses may have that are looked at: each use of a reference has the whole one.
    private static let mostAddressBytes = 1 << 20

    /// - Returns: whether there is room for more.
    mutating func visit(_ node: CardNode, isEntered: Bool) -> Bool {
        guard markup.text.utf8.count < Self.mostBytes, addressBytes < Self.mostAddressBytes else { return false }
        guard let kind = node.kind else { return true }
        if pictureText != nil {
            readPicture(node, kind, isEntered: isEntered)
        } else if isEntered {
            begin(node, kind)
        } else {
            end(node, kind)
        }
        return true
    }

    private mutating func begin(_ node: CardNode, _ kind: CardNode.Kind) {
        switch kind {
        case .quote: open("<blockquote>")
        case .list: open(node.listStart.map { "<ol start=\"\($0)\">" } ?? "<ul>")
        case .item: open("<li>")
        case .codeBlock: markup += "<pre tabindex=\"0\"><code>\(node.literal)</code></pre>\n"
        case .htmlBlock:
            let text = HTMLText.text(of: node.literal)
            if !text.isEmpty { markup += "<p>\(text)</p>\n" }
        case .paragraph: if !node.isTight { markup += "<p>" }
        case .heading:
            // Under the page's own headings, and without a gap between levels.
            shownLevel = min(6, node.headingLevel + 2, shownLevel + 1)
            markup += "<h\(shownLevel)>"
        case .rule: markup += "<hr>\n"
        case .table: markup += "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Table\"><table>"
        case .tableHead: markup += "<thead><tr>"
        case .tableRow: markup += node.previous?.kind == .tableHead ? "<tbody>\n<tr>" : "<tr>"
        case .tableCell where node.parent?.kind == .tableHead:
            beforeHead = markup
            markup = .none
        case .tableCell: markup += "<td>"
        case .text: add(text: node)
        case .softBreak: markup += "\n"
        case .lineBreak: markup += "<br>\n"
        case .code: markup += "<code>\(node.literal)</code>"
        // What began a new line still does, or words would run together.
        case .html: if HTMLText.beginsLine(node.literal) { markup += "<br>\n" }
        case .emphasis: markup += "<em>"
        case .strong: markup += "<strong>"
        case .struckOut: markup += "<del>"
        case .link: begin(link: node)
        case .picture: pictureText = ("", 0)
        }
    }

    private mutating func end(_ node: CardNode, _ kind: CardNode.Kind) {
        switch kind {
        case .quote: close("</blockquote>\n")
        case .list: close(node.listStart == nil ? "</ul>\n" : "</ol>\n")
        case .item: close("</li>\n")
        case .paragraph: markup += node.isTight ? (node.next == nil ? "" : "\n") : "</p>\n"
        case .heading: markup += "</h\(shownLevel)>\n"
        case .table: markup += "</table></div>\n"
        case .tableHead: markup += "</tr></thead>\n"
        case .tableRow: markup += node.next == nil ? "</tr>\n</tbody>\n" : "</tr>\n"
        case .tableCell: endCell()
        case .emphasis: markup += "</em>"
        case .strong: markup += "</strong>"
        case .struckOut: markup += "</del>"
        case .link: markup += linkEnds.popLast() ?? ""
        // They have nothing in them, or end where pictures are read.
        case .codeBlock, .htmlBlock, .rule, .text, .softBreak, .lineBreak, .code, .html, .picture: break
        }
    }

    private mutating func endCell() {
        guard var cell = beforeHead else {
            markup += "</td>"
            return
        }
        // Exchanged, not assigned: the page so far is not copied for each cell.
        beforeHead = nil
        swap(&cell, &markup)
        markup += cell.isEmpty ? "<td></td>" : "<th>\(cell)</th>"
    }

    private mutating func open(_ part: Markup) {
        if depth < Self.deepest { markup += part }
        depth += 1
    }

    private mutating func close(_ part: Markup) {
        depth -= 1
        // Without its item or quotation a text still ends.
        markup += depth < Self.deepest ? part : "\n"
    }

    /// Of what is in a picture, its text is what counts.
    private mutating func readPicture(_ node: CardNode, _ kind: CardNode.Kind, isEntered: Bool) {
        switch kind {
        case .picture where isEntered: pictureText?.depth += 1
        case .picture:
            guard let picture = pictureText else { return }
            guard picture.depth == 0 else {
                pictureText?.depth -= 1
                return
            }
            pictureText = nil
            show(picture: node, picture.text)
        case .text, .code: pictureText?.text += node.literal
        case .softBreak, .lineBreak: pictureText?.text += " "
        case .html: if HTMLText.beginsLine(node.literal) { pictureText?.text += " " }
        default: break
        }
    }

    /// Boxes of task lists, and what shows them.
    private static let boxes = [("[ ] ", "\u{2610} "), ("[x] ", "\u{2611} "), ("[X] ", "\u{2611} ")]

    private mutating func add(text node: CardNode) {
        let text = node.literal
        if node.previous == nil, let block = node.parent, block.previous == nil, block.parent?.kind == .item,
            let box = Self.boxes.first(where: { text.hasPrefix($0.0) })
        {
            markup += "\(box.1)\(text.dropFirst(box.0.count))"
        } else {
            markup += "\(text)"
        }
    }

    private mutating func begin(link node: CardNode) {
        guard linkEnds.isEmpty, let address = address(of: node).link(file) else {
            linkEnds.append("")
            return
        }
        markup += "<a href=\"\(address)\" rel=\"nofollow noopener noreferrer\">"
        linkEnds.append("</a>")
    }

    private mutating func show(picture node: CardNode, _ text: String) {
        let label = text.isEmpty ? "picture" : text
        let address = address(of: node)
        if let source = address.picture(file) {
            markup += "<img src=\"\(source)\" alt=\"\(text)\" loading=\"lazy\">"
        } else if linkEnds.isEmpty, let target = address.link(file) {
            markup += "<a href=\"\(target)\" rel=\"nofollow noopener noreferrer\">[\(label)]</a>"
        } else {
            markup += "[\(label)]"
        }
    }

    private mutating func address(of node: CardNode) -> CardAddress {
        let address = node.address
        addressBytes += address.utf8.count
        return CardAddress(address)
    }
}
