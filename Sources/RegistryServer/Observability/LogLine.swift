internal import Glibc
internal import Logging

/// One event of the log as one line, without secrets and without control characters.
struct LogLine {
    enum Format: String, CaseIterable, Sendable {
        /// An object of strings.
        case json
        /// `key=value`, for people.
        case text
    }

    /// The keys that every line begins with; metadata of the same name is under `metadata.`.
    private static let reserved = ["time", "level", "logger", "message"]

    private var fields: [(key: String, value: String)]

    /// - Parameter time: milliseconds since 1970.
    init(time: Int, level: Logger.Level, logger: String, message: String, metadata: Logger.Metadata) {
        fields = zip(
            Self.reserved, [Self.timestamp(time), level.rawValue, logger, LogRedaction.withoutTokens(message)]
        )
        .map { (key: $0, value: $1) }
        var flat: [String: String] = [:]
        for (key, value) in metadata { Self.flatten(key, value, into: &flat) }
        for (key, value) in flat.sorted(by: { $0.key < $1.key }) {
            fields.append((Self.reserved.contains(key) ? "metadata." + key : key, value))
        }
    }

    /// Metadata in metadata has its keys, or its positions, after a point.
    private static func flatten(_ key: String, _ value: Logger.MetadataValue, into flat: inout [String: String]) {
        let shown = LogRedaction.withoutTokens(key)
        guard !LogRedaction.hides(key) else {
            flat[shown] = LogRedaction.mark
            return
        }
        switch value {
        case .string(let text): flat[shown] = LogRedaction.withoutTokens(text)
        case .stringConvertible(let value): flat[shown] = LogRedaction.withoutTokens(value.description)
        case .dictionary(let values):
            for (inner, value) in values { flatten("\(key).\(inner)", value, into: &flat) }
        case .array(let values):
            for (position, value) in values.enumerated() { flatten("\(key).\(position)", value, into: &flat) }
        }
    }

    /// Milliseconds since 1970 as RFC 3339 in UTC: `2026-11-23T06:29:07.042Z`.
    static func timestamp(_ time: Int) -> String {
        var (seconds, milliseconds) = time.quotientAndRemainder(dividingBy: 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let date = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        let clock = [(Int(parts.tm_hour), 2), (Int(parts.tm_min), 2), (Int(parts.tm_sec), 2)]
        return date.map(digits).joined(separator: "-") + "T" + clock.map(digits).joined(separator: ":") + "."
            + digits(milliseconds, 3) + "Z"
    }

    /// The line, without its end.
    func text(as format: Format) -> String {
        switch format {
        case .json:
            "{" + fields.map { Self.quoted($0.key) + ":" + Self.quoted($0.value) }.joined(separator: ",") + "}"
        case .text:
            fields.map { Self.word($0.key) + "=" + Self.word($0.value) }
                .joined(separator: " ")
        }
    }

    /// A text as it is where it can be told from what is around it, else in quotes.
    private static func word(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains {
            $0 == " " || $0 == "\"" || $0 == "\\" || $0 == "=" || isUnsafe($0)
        }
        return text.isEmpty || needsQuotes ? quoted(text) : text
    }

    /// A string of JSON in which everything is escaped that could end a line, or act on a terminal.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isUnsafe(scalar):
                for unit in UTF16.encode(scalar) ?? .init() {
                    let hex = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        switch scalar.properties.generalCategory {
        // Format characters include those that turn the direction of the text around.
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }
}
