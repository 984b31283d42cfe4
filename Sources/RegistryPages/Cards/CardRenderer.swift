internal import CMD4C
internal import Foundation

/// Markdown of a model card as HTML that does nothing but show it.
///
/// The card is from outside: tags in it are left out, and the text between them stays; links lead to web pages, mail or files of the version and nowhere
/// else; pictures are shown if they are files of the version, and are links otherwise, so that no page asks another server for
/// anything.
public struct CardRenderer: Sendable {
    /// The longest text that is rendered, in bytes.
    public static let longest = 64 << 10

    /// Where a file of the version is; nil if it cannot be linked to.
    let file: @Sendable (String) -> String?

    public init(file: @escaping @Sendable (String) -> String?) {
        self.file = file
    }

    /// Marks of lists and quotations at the start of one line; the parser looks at all of them again in every line that follows.
    private static let mostMarks = 40

    private static func nestsDeeply(_ bytes: [UInt8]) -> Bool {
        bytes.split(separator: UInt8(ascii: "\n")).contains { line in
            var marks = 0
            var isMark = false
            for byte in line {
                switch byte {
                case UInt8(ascii: ">"): marks += 1
                case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "."), UInt8(ascii: ")"):
                    isMark = true
                case UInt8(ascii: " "), UInt8(ascii: "\t"):
                    if isMark { marks += 1 }
                    isMark = false
                case UInt8(ascii: "0")...UInt8(ascii: "9"): break
                default: return marks > mostMarks
                }
            }
            return marks > mostMarks
        }
    }

    /// - Returns: nil if the text is too long, nests too deeply, or the parser gives up.
    public func render(_ markdown: String) -> Markup? {
        let bytes = Array(markdown.utf8)
        guard bytes.count <= Self.longest, !Self.nestsDeeply(bytes) else { return nil }
        let writer = CardWriter(file: file)
        var parser = MD_PARSER()
        parser.flags = UInt32(
            MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_PERMISSIVEURLAUTOLINKS
                | MD_FLAG_PERMISSIVEWWWAUTOLINKS)
        parser.enter_block = { type, detail, writer in CardWriter.from(writer).enter(block: type, detail) }
        parser.leave_block = { type, detail, writer in CardWriter.from(writer).leave(block: type, detail) }
        parser.enter_span = { type, detail, writer in CardWriter.from(writer).enter(span: type, detail) }
        parser.leave_span = { type, _, writer in CardWriter.from(writer).leave(span: type) }
        parser.text = { type, text, size, writer in
            CardWriter.from(writer).text(type, UnsafeBufferPointer(start: text, count: Int(size)))
        }
        let status = bytes.withUnsafeBytes { buffer in
            md_parse(
                buffer.bindMemory(to: CChar.self).baseAddress, MD_SIZE(buffer.count), &parser,
                Unmanaged.passUnretained(writer).toOpaque())
        }
        return status == 0 ? writer.markup : nil
    }
}

/// Writes what the parser finds.
private final class CardWriter {
    private(set) var markup = Markup.none
    private let file: (String) -> String?
    /// A block of HTML while it is read.
    private var block: String?
    /// The text of a picture, instead of markup, while it is read.
    private var pictureText: (text: String, depth: Int)?
    private var pictureTarget: [String] = []
    /// What closes each open link; a link that may not be followed is no link.
    private var linkEnds: [Markup] = []
    private var shownLevel = 2
    private var headingEnds: [Markup] = []
    private var depth = 0
    /// Whether the head of a column was begun and has nothing in it yet: one without words is none.
    private var isHeadEmpty = false

    init(file: @escaping (String) -> String?) {
        self.file = file
    }

    static func from(_ pointer: UnsafeMutableRawPointer?) -> CardWriter {
        guard let pointer else { preconditionFailure("the parser was given a writer") }
        return Unmanaged<CardWriter>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// What is nested deeper is shown at this depth.
    private static let deepest = 24
    /// What the answer may have for each byte of a card: tables can have many empty cells.
    private static let mostBytes = 4 << 20

    private func write(_ part: Markup) {
        if isHeadEmpty {
            isHeadEmpty = false
            markup += "<th>"
        }
        markup += part
    }

    func enter(block type: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        guard markup.text.utf8.count < Self.mostBytes else { return 1 }
        switch type {
        case MD_BLOCK_QUOTE: open("<blockquote>")
        case MD_BLOCK_UL: open("<ul>")
        case MD_BLOCK_OL:
            let start = detail?.assumingMemoryBound(to: MD_BLOCK_OL_DETAIL.self).pointee.start ?? 1
            open("<ol start=\"\(Int(start))\">")
        case MD_BLOCK_LI:
            open("<li>")
            if let item = detail?.assumingMemoryBound(to: MD_BLOCK_LI_DETAIL.self).pointee, item.is_task != 0 {
                write(item.task_mark == 0x20 ? "\u{2610} " : "\u{2611} ")
            }
        case MD_BLOCK_HR: write("<hr>\n")
        case MD_BLOCK_H:
            let level = Int(detail?.assumingMemoryBound(to: MD_BLOCK_H_DETAIL.self).pointee.level ?? 1)
            // Under the page's own headings, and without a gap between levels.
            shownLevel = min(6, level + 2, shownLevel + 1)
            write("<h\(shownLevel)>")
            headingEnds.append("</h\(shownLevel)>\n")
        case MD_BLOCK_CODE: write("<pre tabindex=\"0\"><code>")
        case MD_BLOCK_HTML: block = ""
        case MD_BLOCK_P: write("<p>")
        case MD_BLOCK_TABLE: write("<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Table\"><table>")
        case MD_BLOCK_THEAD: write("<thead>")
        case MD_BLOCK_TBODY: write("<tbody>")
        case MD_BLOCK_TR: write("<tr>")
        case MD_BLOCK_TH: isHeadEmpty = true
        case MD_BLOCK_TD: write("<td>")
        default: break
        }
        return 0
    }

    func leave(block type: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        switch type {
        case MD_BLOCK_QUOTE: close("</blockquote>\n")
        case MD_BLOCK_UL: close("</ul>\n")
        case MD_BLOCK_OL: close("</ol>\n")
        case MD_BLOCK_LI: close("</li>\n")
        case MD_BLOCK_H: write(headingEnds.popLast() ?? "")
        case MD_BLOCK_CODE: write("</code></pre>\n")
        case MD_BLOCK_HTML:
            let text = HTMLText.text(of: block ?? "")
            block = nil
            if !text.isEmpty { write("<p>\(text)</p>\n") }
        case MD_BLOCK_P: write("</p>\n")
        case MD_BLOCK_TABLE: write("</table></div>\n")
        case MD_BLOCK_THEAD: write("</thead>\n")
        case MD_BLOCK_TBODY: write("</tbody>\n")
        case MD_BLOCK_TR: write("</tr>\n")
        case MD_BLOCK_TH:
            let isEmpty = isHeadEmpty
            isHeadEmpty = false
            write(isEmpty ? "<td></td>" : "</th>")
        case MD_BLOCK_TD: write("</td>")
        default: break
        }
        return 0
    }

    private func open(_ part: Markup) {
        if depth < Self.deepest { write(part) }
        depth += 1
    }

    private func close(_ part: Markup) {
        depth -= 1
        if depth < Self.deepest { write(part) }
    }

    func enter(span type: MD_SPANTYPE, _ detail: UnsafeMutableRawPointer?) -> Int32 {
        if type == MD_SPAN_IMG {
            let source = detail.map { Self.text($0.assumingMemoryBound(to: MD_SPAN_IMG_DETAIL.self).pointee.src) } ?? ""
            if pictureText == nil {
                pictureText = ("", 0)
                pictureTarget = [source]
            } else {
                pictureText?.depth += 1
            }
            return 0
        }
        guard pictureText == nil else { return 0 }
        switch type {
        case MD_SPAN_EM: write("<em>")
        case MD_SPAN_STRONG: write("<strong>")
        case MD_SPAN_DEL: write("<del>")
        case MD_SPAN_CODE: write("<code>")
        case MD_SPAN_A:
            let target = detail.map { Self.text($0.assumingMemoryBound(to: MD_SPAN_A_DETAIL.self).pointee.href) } ?? ""
            begin(link: target)
        default: break
        }
        return 0
    }

    func leave(span type: MD_SPANTYPE) -> Int32 {
        if type == MD_SPAN_IMG, let picture = pictureText {
            guard picture.depth == 0 else {
                pictureText?.depth -= 1
                return 0
            }
            pictureText = nil
            show(picture: pictureTarget.first ?? "", picture.text)
            return 0
        }
        guard pictureText == nil else { return 0 }
        switch type {
        case MD_SPAN_EM: write("</em>")
        case MD_SPAN_STRONG: write("</strong>")
        case MD_SPAN_DEL: write("</del>")
        case MD_SPAN_CODE: write("</code>")
        case MD_SPAN_A: write(linkEnds.popLast() ?? "")
        default: break
        }
        return 0
    }

    func text(_ type: MD_TEXTTYPE, _ bytes: UnsafeBufferPointer<CChar>) -> Int32 {
        guard markup.text.utf8.count < Self.mostBytes else { return 1 }
        if block != nil {
            block? += Self.string(bytes)
            return 0
        }
        let text: String
        switch type {
        case MD_TEXT_HTML:
            // What began a new line still does, or words would run together.
            let name = Self.string(bytes).drop { $0 == "<" || $0 == "/" }.prefix { $0.isLetter }.lowercased()
            if ["br", "li", "p", "div", "tr"].contains(name) {
                if pictureText == nil { write("<br>\n") } else { pictureText?.text += " " }
            }
            return 0
        case MD_TEXT_NULLCHAR: text = "\u{fffd}"
        case MD_TEXT_BR, MD_TEXT_SOFTBR:
            if pictureText == nil { write(type == MD_TEXT_BR ? "<br>\n" : "\n") } else { pictureText?.text += " " }
            return 0
        case MD_TEXT_ENTITY: text = CardEntity.text(Self.string(bytes))
        default: text = Self.string(bytes)
        }
        if pictureText == nil { write("\(text)") } else { pictureText?.text += text }
        return 0
    }

    // MARK: - Where links lead

    private func begin(link target: String) {
        guard linkEnds.isEmpty, let address = address(target) else {
            linkEnds.append("")
            return
        }
        write("<a href=\"\(address)\" rel=\"nofollow noopener noreferrer\">")
        linkEnds.append("</a>")
    }

    private func show(picture source: String, _ text: String) {
        let label = text.isEmpty ? "picture" : text
        if let path = Self.localPath(source), Self.isPicture(path), let address = file(path) {
            write("<img src=\"\(address)\" alt=\"\(text)\" loading=\"lazy\">")
        } else if linkEnds.isEmpty, let address = address(source) {
            write("<a href=\"\(address)\" rel=\"nofollow noopener noreferrer\">[\(label)]</a>")
        } else {
            write("[\(label)]")
        }
    }

    /// Where a link of the card leads; nil if it may lead nowhere.
    ///
    /// Read by code points, as browsers do: a colon before a combining mark is one.
    private func address(_ target: String) -> String? {
        let scalars = target.unicodeScalars
        if let end = scalars.firstIndex(where: { Self.schemeEnds.contains($0) }), scalars[end] == ":" {
            let start = target.lowercased().unicodeScalars
            return Self.schemes.contains { start.starts(with: $0.unicodeScalars) } ? target : nil
        }
        if scalars.starts(with: "www.".unicodeScalars) { return "http://" + target }
        return Self.localPath(target).flatMap(file)
    }

    /// Without its two slashes an address may be one of this server.
    private static let schemes = ["http://", "https://", "mailto:"]
    private static let schemeEnds = Set(":/?#".unicodeScalars)

    /// The path of a file of the version; nil for anything that is none.
    private static func localPath(_ target: String) -> String? {
        let scalars = target.unicodeScalars
        guard scalars.first != "/", !scalars.contains(where: { $0 == ":" || $0 == "\\" }) else { return nil }
        let path = String(scalars.prefix { $0 != "?" && $0 != "#" })
        guard let decoded = path.removingPercentEncoding else { return nil }
        let parts = decoded.unicodeScalars.split(separator: "/").map(String.init).filter { $0 != "." }
        guard !parts.isEmpty, !parts.contains("..") else { return nil }
        return parts.joined(separator: "/")
    }

    private static func isPicture(_ path: String) -> Bool { PictureFile.type(of: path) != nil }

    // MARK: - Texts of the parser

    private static func string(_ bytes: UnsafeBufferPointer<CChar>) -> String {
        String(decoding: UnsafeRawBufferPointer(bytes), as: UTF8.self)
    }

    /// An attribute, whose entities mean what they mean in HTML: what is looked at is what a browser would see.
    private static func text(_ attribute: MD_ATTRIBUTE) -> String {
        guard attribute.size > 0, let bytes = attribute.text, let types = attribute.substr_types,
            let offsets = attribute.substr_offsets
        else { return "" }
        var result = ""
        var index = 0
        while offsets[index] < attribute.size {
            let part = string(
                UnsafeBufferPointer(start: bytes + Int(offsets[index]), count: Int(offsets[index + 1] - offsets[index]))
            )
            result += types[index] == MD_TEXT_ENTITY ? CardEntity.text(part) : part
            index += 1
        }
        // Browsers leave these out of an address.
        return result.filter { $0 != "\n" && $0 != "\r" && $0 != "\t" && $0 != "\r\n" }.trimmedOfControls
    }
}

extension String {
    /// Without spaces and control characters at its ends, as browsers read addresses.
    fileprivate var trimmedOfControls: String {
        let isKept = { (scalar: Unicode.Scalar) in scalar.value > 0x20 }
        guard let start = unicodeScalars.firstIndex(where: isKept), let end = unicodeScalars.lastIndex(where: isKept)
        else {
            return ""
        }
        return String(unicodeScalars[start...end])
    }
}
