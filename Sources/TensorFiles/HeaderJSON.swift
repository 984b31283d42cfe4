internal import DeltaicCore

/// Reads JSON that came from outside, value by value, without building a tree.
///
/// Strict: duplicate keys, lone surrogates, invalid UTF-8, leading zeros and control characters inside strings are
/// refused, and containers nest at most ``maximumDepth`` deep (the limit of the reference reader). Values that nobody
/// asks for are checked and skipped, so memory does not depend on what a hostile document contains.
struct HeaderJSON {
    static let maximumDepth = 127

    /// An object that is being read: the keys that were seen so far.
    ///
    /// Keys are compared as Swift compares strings, so two spellings of the same Unicode text are duplicates too.
    struct ObjectScope {
        fileprivate var keys: Set<String> = []
    }

    /// The offset of the next byte to read.
    private(set) var offset: Int
    private let bytes: [UInt8]
    private let code: DeltaicError.Code
    private var depth = 0

    /// - Parameters:
    ///   - offset: where the document starts; it ends with `bytes`.
    ///   - code: the code of every error.
    init(_ bytes: [UInt8], from offset: Int = 0, code: DeltaicError.Code) {
        self.bytes = bytes
        self.offset = offset
        self.code = code
    }

    /// An error at the current offset, or at `position`.
    func failure(
        _ message: String, at position: Int? = nil, expected: String? = nil, found: String? = nil
    ) -> DeltaicError {
        DeltaicError(code, message, at: ["byte \(position ?? offset)"], expected: expected, found: found)
    }

    // MARK: Containers

    /// Enters an object; ``nextKey(of:)`` then gives its keys.
    mutating func openObject(_ field: String) throws(DeltaicError) -> ObjectScope {
        try open(UInt8(ascii: "{"), field, "an object")
        return ObjectScope()
    }

    /// The next key of an object, with its value next to be read, or nil when the object has ended.
    mutating func nextKey(of scope: inout ObjectScope) throws(DeltaicError) -> String? {
        guard try advance(to: UInt8(ascii: "}"), isFirst: scope.keys.isEmpty) else { return nil }
        let position = offset
        let key = try string("a key")
        guard peek() == UInt8(ascii: ":") else { throw failure("a key has no value", expected: "':'", found: next) }
        offset += 1
        skipWhitespace()
        guard scope.keys.insert(key).inserted else {
            throw failure("the key \(quoted(key)) appears twice", at: position)
        }
        return key
    }

    /// Enters an array; ``nextElement(isFirst:)`` then moves through it.
    mutating func openArray(_ field: String) throws(DeltaicError) {
        try open(UInt8(ascii: "["), field, "an array")
    }

    /// Whether the array has another element, which is then next to be read.
    mutating func nextElement(isFirst: Bool) throws(DeltaicError) -> Bool {
        try advance(to: UInt8(ascii: "]"), isFirst: isFirst)
    }

    /// Checks that nothing but whitespace follows.
    mutating func end() throws(DeltaicError) {
        guard peek() == nil else { throw failure("something follows the document", found: next) }
    }

    private mutating func open(_ bracket: UInt8, _ field: String, _ kind: String) throws(DeltaicError) {
        guard peek() == bracket else { throw failure("\(field) must be \(kind)", found: next) }
        guard depth < Self.maximumDepth else {
            throw failure("the JSON is nested too deeply", expected: "at most \(Self.maximumDepth) levels")
        }
        depth += 1
        offset += 1
    }

    private mutating func advance(to bracket: UInt8, isFirst: Bool) throws(DeltaicError) -> Bool {
        if peek() == bracket {
            offset += 1
            depth -= 1
            return false
        }
        if isFirst { return true }
        guard peek() == UInt8(ascii: ",") else {
            throw failure(
                "the JSON is malformed", expected: "',' or '\(Character(UnicodeScalar(bracket)))'", found: next)
        }
        offset += 1
        skipWhitespace()
        return true
    }

    // MARK: Values

    /// The kind of the next value, by its first byte.
    enum Kind {
        case object, array, string, number, word
    }

    /// The kind of the next value, nil if no value can start here.
    mutating func kind() -> Kind? {
        guard let byte = peek() else { return nil }
        return switch byte {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): .word
        default: nil
        }
    }

    /// A non-negative integer that fits 63 bits, written without fraction or exponent.
    mutating func count(_ field: String) throws(DeltaicError) -> Int {
        guard kind() == .number else { throw failure("\(field) must be a non-negative integer", found: next) }
        let start = offset
        let isInteger = try number()
        var value = 0
        for byte in bytes[start..<offset] {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte) - 48)
            guard isInteger, byte != UInt8(ascii: "-"), !overflow, !carry else {
                let text = String(decoding: bytes[start..<min(offset, start + 40)], as: UTF8.self)
                throw failure("\(field) must be a non-negative integer of 63 bits", at: start, found: text)
            }
            value = sum
        }
        return value
    }

    /// Checks the next value and leaves it out.
    mutating func skip() throws(DeltaicError) {
        switch kind() {
        case .object:
            var scope = try openObject("value")
            while try nextKey(of: &scope) != nil { try skip() }
        case .array:
            try openArray("value")
            var isFirst = true
            while try nextElement(isFirst: isFirst) {
                try skip()
                isFirst = false
            }
        case .string: _ = try string("value")
        case .number: _ = try number()
        case .word:
            guard takeWord("true") || takeWord("false") || takeWord("null") else {
                throw failure("the JSON is malformed", expected: "a value", found: next)
            }
        case nil: throw failure("the JSON is malformed", expected: "a value", found: next)
        }
    }

    /// Takes `null` if it is the next value.
    mutating func takeNull() -> Bool {
        skipWhitespace()
        return takeWord("null")
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard count <= bytes.count - offset else { return false }
        let matches = word.withUTF8Buffer { $0.elementsEqual(bytes[offset..<offset + count]) }
        if matches { offset += count }
        return matches
    }

    /// Moves past a number of the JSON grammar; tells whether it has neither fraction nor exponent.
    private mutating func number() throws(DeltaicError) -> Bool {
        let start = offset
        if byte == UInt8(ascii: "-") { offset += 1 }
        let firstDigit = offset
        var isWhole = true
        var isValid = digits()
        if isValid, bytes[firstDigit] == UInt8(ascii: "0"), offset > firstDigit + 1 { isValid = false }
        if isValid, byte == UInt8(ascii: ".") {
            offset += 1
            isWhole = false
            isValid = digits()
        }
        if isValid, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            offset += 1
            isWhole = false
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
            isValid = digits()
        }
        guard isValid else { throw failure("a number is malformed", at: start) }
        if !isWhole || offset - start > 19 {
            // Out of the range of a Double, as in the reference reader.
            let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self))
            guard value?.isInfinite != true else { throw failure("a number is out of range", at: start) }
        }
        return isWhole
    }

    private mutating func digits() -> Bool {
        let start = offset
        while let byte, (48...57).contains(byte) { offset += 1 }
        return offset > start
    }

    // MARK: Bytes

    /// The byte at the offset, nil at the end.
    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// What is found at the offset, for errors.
    var next: String {
        guard let byte else { return "the end" }
        return (0x21...0x7e).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte value \(byte)"
    }

    /// The next byte that is no whitespace.
    private mutating func peek() -> UInt8? {
        skipWhitespace()
        return byte
    }

    private mutating func skipWhitespace() {
        while let byte, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }
}

// MARK: - Strings

extension HeaderJSON {
    /// The next value as a string.
    mutating func string(_ field: String) throws(DeltaicError) -> String {
        guard kind() == .string else { throw failure("\(field) must be a string", found: next) }
        let opening = offset
        offset += 1
        let start = offset
        while let byte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { offset += 1 }
        guard byte == UInt8(ascii: "\"") else { return try escapedString(from: start, opening: opening) }
        defer { offset += 1 }
        return try text(bytes[start..<offset], opening: opening)
    }

    /// The rest of a string that has an escape; `offset` is at the first byte that is not plain.
    private mutating func escapedString(from start: Int, opening: Int) throws(DeltaicError) -> String {
        var content = Array(bytes[start..<offset])
        while true {
            guard let byte else { throw failure("a string does not end", at: opening) }
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return try text(content[...], opening: opening)
            case UInt8(ascii: "\\"):
                offset += 1
                try appendEscape(to: &content)
            case 0..<0x20:
                throw failure("a control character stands in a string", found: "byte value \(byte)")
            default:
                content.append(byte)
                offset += 1
            }
        }
    }

    private mutating func appendEscape(to content: inout [UInt8]) throws(DeltaicError) {
        guard let byte else { throw failure("a string does not end") }
        let plain: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = byte
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0c
        case UInt8(ascii: "n"): plain = 0x0a
        case UInt8(ascii: "r"): plain = 0x0d
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            content.append(contentsOf: String(try unicodeEscape()).utf8)
            return
        default: throw failure("an escape is unknown", found: next)
        }
        content.append(plain)
        offset += 1
    }

    /// The scalar of `uXXXX`, or of a surrogate pair of them; `offset` is at the `u`.
    private mutating func unicodeEscape() throws(DeltaicError) -> Unicode.Scalar {
        let start = offset
        var value = try hexEscape()
        if (0xd800..<0xdc00).contains(value), byte == UInt8(ascii: "\\") {
            offset += 1
            if byte == UInt8(ascii: "u") {
                let low = try hexEscape()
                if (0xdc00..<0xe000).contains(low) { value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00) }
            }
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw failure("a surrogate stands alone in a string", at: start)
        }
        return scalar
    }

    private mutating func hexEscape() throws(DeltaicError) -> UInt32 {
        offset += 1
        guard bytes.count - offset >= 4 else { throw failure("an escape is cut off") }
        var value: UInt32 = 0
        for byte in bytes[offset..<offset + 4] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("an escape is malformed", expected: "four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        offset += 4
        return value
    }

    private func text(_ content: ArraySlice<UInt8>, opening: Int) throws(DeltaicError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw failure("a string is not valid UTF-8", at: opening)
        }
        return text
    }
}
