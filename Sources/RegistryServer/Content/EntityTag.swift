/// A strong entity tag, and the conditions that name it.
struct EntityTag: Sendable, Equatable {
    let value: String

    var header: String { "\"\(value)\"" }

    /// Whether `If-None-Match` names it: the client has the content already.
    func isNamed(in header: String?) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { item in
            var text = item.drop { $0 == " " || $0 == "\t" }
            while let last = text.last, last == " " || last == "\t" { text.removeLast() }
            if text == "*" { return true }
            if text.hasPrefix("W/") { text.removeFirst(2) }
            return text == self.header[...]
        }
    }

    /// Whether a range may be answered under this `If-Range`; a date is never taken for a proof.
    func allowsRange(under header: String?) -> Bool {
        header.map { $0 == self.header } ?? true
    }
}
