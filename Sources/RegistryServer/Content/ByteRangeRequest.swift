/// What a `Range` header asks for (RFC 9110, section 14).
enum ByteRangeRequest: Sendable, Equatable {
    /// No range, several, or a header that has to be ignored.
    case whole
    case range(Range<Int>)
    /// None of the bytes exist.
    case unsatisfiable

    /// - Parameters:
    ///   - header: the field's value, nil if there is none.
    ///   - size: of what it is a range of.
    init(_ header: String?, size: Int) {
        self = .whole
        guard let header, let mark = header.firstIndex(of: "="),
            header[..<mark].trimmingSpaces.lowercased() == "bytes"
        else { return }
        let list = header[header.index(after: mark)...]
        guard !list.contains(","), let dash = list.firstIndex(of: "-") else { return }
        let first = list[..<dash].trimmingSpaces
        let last = list[list.index(after: dash)...].trimmingSpaces
        guard first.isDecimal, last.isDecimal, !first.isEmpty || !last.isEmpty else { return }
        if first.isEmpty {
            // Numbers too large for an integer reach past any end.
            let count = Int(last) ?? .max
            self = count == 0 || size == 0 ? .unsatisfiable : .range(max(0, size - min(count, size))..<size)
            return
        }
        let start = Int(first) ?? .max
        let end = last.isEmpty ? .max : Int(last) ?? .max
        guard start <= end else { return }
        self = start >= size ? .unsatisfiable : .range(start..<min(end, size - 1) + 1)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    fileprivate var isDecimal: Bool { utf8.allSatisfy { (48...57).contains($0) } }
}
