internal import DeltaicCore

/// Git's framing: four hexadecimal digits with the length of the line, themselves included; `0000` ends a section.
struct GitPacketLines {
    enum Line: Equatable {
        case text(String)
        case flush
    }

    /// What a line can hold.
    static let payloadLimit = 65_516
    static let flush = Array("0000".utf8)

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// A line of at most ``payloadLimit`` bytes with its length.
    static func line(_ payload: some Collection<UInt8>) -> [UInt8] {
        let digits = String(payload.count + 4, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8) + payload
    }

    static func line(_ text: String) -> [UInt8] { line(text.utf8) }

    /// The next line without its newline, nil after the last one.
    /// - Throws: `.badGitRequest` if the bytes end in a line, or a length is none.
    mutating func next() throws(DeltaicError) -> Line? {
        guard !rest.isEmpty else { return nil }
        let digits = String(decoding: rest.prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let count = Int(digits, radix: 16), count == 0 || count >= 4, count <= rest.count
        else { throw GitUploadRequest.bad("a line of the length \"\(digits)\"") }
        if count == 0 {
            rest = rest.dropFirst(4)
            return .flush
        }
        var payload = rest.prefix(count).dropFirst(4)
        rest = rest.dropFirst(count)
        if payload.last == UInt8(ascii: "\n") { payload = payload.dropLast() }
        return .text(String(decoding: payload, as: UTF8.self))
    }
}
