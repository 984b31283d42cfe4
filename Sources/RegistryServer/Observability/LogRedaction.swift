/// Keeps secrets out of logs.
enum LogRedaction {
    static let mark = "[redacted]"

    private static let words = ["authorization", "token", "cookie", "secret", "password"]
    private static let prefix = Array("hf_".utf8)
    private static let leastCharacters = 20

    /// Whether the values under a key of metadata are secrets: it ends in a word for one, whatever its case and separators.
    ///
    /// `token`, `Set-Cookie`, `client.secret`, `accessTokens`; not `token.name`.
    static func hides(_ key: String) -> Bool {
        let letters = key.lowercased().filter { $0.isLetter || $0.isNumber }
        return words.contains { letters.hasSuffix($0) || letters.hasSuffix($0 + "s") }
    }

    /// A text without the secrets of tokens: `hf_` and 20 or more letters or digits become `hf_***`.
    static func withoutTokens(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count >= prefix.count + leastCharacters else { return text }
        var result: [UInt8] = []
        var (position, copied) = (0, 0)
        while position + prefix.count + leastCharacters <= bytes.count {
            guard bytes[position...].starts(with: prefix) else {
                position += 1
                continue
            }
            let start = position + prefix.count
            let end = bytes[start...].firstIndex { !isLetterOrDigit($0) } ?? bytes.count
            // What is too short may run into the start of another.
            position = start
            guard end - start >= leastCharacters else { continue }
            result += bytes[copied..<start] + Array("***".utf8)
            copied = end
            position = end
        }
        return copied == 0 ? text : String(decoding: result + bytes[copied...], as: UTF8.self)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
