/// Addresses of web pages in a text that nothing marks as links: `see https://e.org/a.`, `(www.e.org)`.
///
/// What belongs to one is said by GitHub Flavored Markdown 0.29, "Autolinks (extension)".
enum BareAddress {
    private static let starts = ["https://", "http://", "www."].map { Array($0.utf8) }
    private static let before = Set("*_~( \t\n".utf8)
    private static let after = Set("?!.,:*_~'\"".utf8)

    /// - Returns: the pieces of the text in their order; together they are the text.
    static func pieces(of text: String) -> [(text: String, isAddress: Bool)] {
        let bytes = Array(text.utf8)
        var pieces: [(text: String, isAddress: Bool)] = []
        func add(_ range: Range<Int>, isAddress: Bool) {
            guard !range.isEmpty else { return }
            pieces.append((String(decoding: bytes[range], as: UTF8.self), isAddress))
        }
        var textStart = 0
        var index = 0
        while index < bytes.count {
            guard index == 0 || before.contains(bytes[index - 1]),
                let start = starts.first(where: { bytes[index...].starts(with: $0) })
            else {
                index += 1
                continue
            }
            let end = end(in: bytes, from: index)
            guard end > index + start.count else {
                index += start.count
                continue
            }
            add(textStart..<index, isAddress: false)
            add(index..<end, isAddress: true)
            textStart = end
            index = end
        }
        add(textStart..<bytes.count, isAddress: false)
        return pieces
    }

    /// Where an address ends: before a space, and before punctuation and brackets that are the sentence's.
    private static func end(in bytes: [UInt8], from start: Int) -> Int {
        var end = bytes[start...].firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: "<") } ?? bytes.count
        var unopened = 0
        for byte in bytes[start..<end] {
            if byte == UInt8(ascii: ")") { unopened += 1 }
            if byte == UInt8(ascii: "(") { unopened -= 1 }
        }
        while end > start {
            let last = bytes[end - 1]
            if last == UInt8(ascii: ")"), unopened > 0 {
                unopened -= 1
            } else if !after.contains(last) {
                break
            }
            end -= 1
        }
        return end
    }
}
