internal import DeltaicCore
internal import Foundation
internal import Registry

/// One line of a commit: JSON, of which the text of `content` is taken out as it comes.
struct CommitLine {
    /// Of the JSON without the content.
    private static let longestJSON = 1 << 20
    /// So much of a content is kept until its encoding is known; a longer one has to be base64.
    private static let longestText = 4 << 20

    private enum Place {
        case outside
        case string
        case content
    }

    private let path: String
    /// The line without the text of its content.
    private(set) var json: [UInt8] = []
    private var place = Place.outside
    private var isEscaped = false
    private var depth = 0
    /// The string that ended last, if nothing but a colon and spaces came after it.
    private var lastString: [UInt8] = []
    private var currentString: [UInt8] = []
    private var sawColon = false
    private var text: [UInt8] = []
    private var spool: Base64Spool?
    private var hasContent = false

    init(path: String) {
        self.path = path
    }

    var isBlank: Bool { json.allSatisfy { [0x20, 0x09, 0x0d].contains($0) } }

    mutating func take(_ bytes: ArraySlice<UInt8>) throws {
        var position = bytes.startIndex
        while position < bytes.endIndex {
            if place == .content {
                position = try takeContent(bytes, from: position)
            } else {
                try takeJSON(bytes[position])
                position += 1
            }
        }
    }

    private mutating func takeJSON(_ byte: UInt8) throws {
        guard json.count < Self.longestJSON else {
            throw CommitLines.malformed("a line is longer than \(Self.longestJSON) bytes without its content")
        }
        json.append(byte)
        if place == .string {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                place = .outside
                lastString = currentString
                sawColon = false
                return
            }
            if currentString.count < 16 { currentString.append(byte) }
            return
        }
        switch byte {
        case UInt8(ascii: "\""):
            let isContent = depth == 2 && sawColon && lastString == Array("content".utf8)
            guard !isContent || !hasContent else { throw CommitLines.malformed("a file has two contents") }
            place = isContent ? .content : .string
            hasContent = hasContent || isContent
            currentString = []
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        if byte == UInt8(ascii: ":") {
            sawColon = true
        } else if ![0x20, 0x09, 0x0d].contains(byte) {
            sawColon = false
        }
    }

    /// - Returns: where the content ends, or the bytes do.
    private mutating func takeContent(_ bytes: ArraySlice<UInt8>, from start: Int) throws -> Int {
        var position = start
        while position < bytes.endIndex {
            let byte = bytes[position]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                break
            }
            position += 1
        }
        text += bytes[start..<position]
        if text.count > Self.longestText { try spoolText() }
        guard position < bytes.endIndex else { return position }
        place = .outside
        json.append(UInt8(ascii: "\""))
        return position + 1
    }

    private mutating func spoolText() throws {
        if spool == nil { spool = try Base64Spool(path: path) }
        // What the last backslash belongs to comes with the next bytes.
        let rest = isEscaped ? text.suffix(1) : []
        try spool?.append(try Self.unescapedBase64(Array(text.dropLast(rest.count))))
        text = Array(rest)
    }

    /// The bytes of the content, in a file.
    ///
    /// - Parameter encoding: `base64` or `utf-8`.
    /// - Throws: `ServerError` 400 if it is not encoded so, or not there.
    func content(encoding: String) throws -> SpooledContent {
        guard hasContent, place == .outside else { throw CommitLines.malformed("a file has no content") }
        switch encoding {
        case "base64":
            let file = try spool ?? Base64Spool(path: path)
            try file.append(try Self.unescapedBase64(text))
            return try file.finish()
        case "utf-8":
            guard spool == nil else {
                throw CommitLines.malformed("a file of more than \(Self.longestText) bytes has to be sent as base64")
            }
            let quoted = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
            let options = JSONDecoder()
            guard let plain = try? options.decode(String.self, from: Data(quoted)) else {
                throw CommitLines.malformed("the content of a file is no JSON string")
            }
            let file = try DurableFile(path: path)
            try file.write(Array(plain.utf8))
            try file.publish(synced: false)
            return SpooledContent(path: path, size: plain.utf8.count)
        default:
            throw CommitLines.malformed("the encoding \"\(encoding.prefix(100))\" is neither base64 nor utf-8")
        }
    }

    /// In base64, only a slash may be escaped.
    private static func unescapedBase64(_ text: [UInt8]) throws -> [UInt8] {
        guard text.contains(UInt8(ascii: "\\")) else { return text }
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        var isEscaped = false
        for byte in text {
            if isEscaped {
                guard byte == UInt8(ascii: "/") else { throw CommitLines.malformed("a content is no base64") }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            }
            plain.append(byte)
        }
        return plain
    }
}

/// Decodes base64 into a file as it comes.
private final class Base64Spool {
    private let file: DurableFile
    private var rest: [UInt8] = []
    private var isPadded = false

    init(path: String) throws {
        file = try DurableFile(path: path)
    }

    func append(_ text: [UInt8]) throws {
        rest += text
        try decode(rest.count / 4 * 4)
    }

    func finish() throws -> SpooledContent {
        guard rest.isEmpty else { throw CommitLines.malformed("a content is no base64: its length is wrong") }
        try file.publish(synced: false)
        return SpooledContent(path: file.path, size: file.byteCount)
    }

    private func decode(_ count: Int) throws {
        guard count > 0 else { return }
        // Foundation takes padding in the middle too.
        let isWhole = !rest[..<(count - 2)].contains(UInt8(ascii: "="))
        guard !isPadded, isWhole, let bytes = Data(base64Encoded: Data(rest[..<count])) else {
            throw CommitLines.malformed("a content is no base64")
        }
        isPadded = rest[count - 1] == UInt8(ascii: "=")
        try file.write(Array(bytes))
        rest.removeFirst(count)
    }
}
