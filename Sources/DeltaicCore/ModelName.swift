/// The name of a model or a base: `name` or `namespace/name`.
///
/// Each part follows the rule of the Hub's clients: 1 to 96 ASCII letters, digits, `-`, `_` or `.`; it starts and ends
/// with a letter, a digit or `_`; no `--`, no `..`, and it does not end in `.git`.
public struct ModelName: Hashable, Sendable, CustomStringConvertible {
    public let namespace: String?
    public let name: String

    /// - Throws: `.invalidName` with the rule that the text breaks.
    public init(_ text: String) throws(DeltaicError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 2 else {
            throw DeltaicError(
                .invalidName, "\"\(text)\" is not a model name", expected: "name or namespace/name", found: nil)
        }
        let names = parts.map { String(Substring($0)) }
        for part in names { try ModelName.check(part, kind: "model name", limit: 96) }
        namespace = names.count == 2 ? names[0] : nil
        name = names[names.count - 1]
    }

    public var description: String { namespace.map { "\($0)/\(name)" } ?? name }

    /// Checks one part of a name, or the name of a tag or a task, which follow the same rule.
    public static func check(_ part: String, kind: String, limit: Int) throws(DeltaicError) {
        func refuse(_ reason: String) -> DeltaicError {
            DeltaicError(
                .invalidName, "\"\(part.prefix(120))\" is not a valid \(kind): \(reason)",
                advice: "use 1 to \(limit) letters, digits, '-', '_' or '.', starting and ending with a letter or digit"
            )
        }
        // A listing checks the names of all that it lists, so bytes are looked at: those that are allowed are ASCII.
        let bytes = part.utf8
        guard let first = bytes.first, let last = bytes.last else { throw refuse("it is empty") }
        guard bytes.count <= limit else { throw refuse("it is longer than \(limit) characters") }
        for byte in bytes where !isWordByte(byte) && byte != UInt8(ascii: "-") && byte != UInt8(ascii: ".") {
            throw refuse("a character is not allowed")
        }
        guard isWordByte(first), isWordByte(last) else { throw refuse("it starts or ends with '-' or '.'") }
        for (byte, next) in zip(bytes, bytes.dropFirst()) where byte == next && !isWordByte(byte) {
            throw refuse("it contains '--' or '..'")
        }
        if bytes.suffix(4).map({ $0 | 0x20 }) == Array(".git".utf8) { throw refuse("it ends in .git") }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
