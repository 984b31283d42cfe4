/// The words of Prometheus' text format, version 0.0.4: names, labels, escapes and numbers.
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Longer label values are cut: what a client sends must not fill the memory.
    static let longestLabelValue = 256

    /// A text as the name of a metric: what is not allowed in one becomes an underscore.
    static func metricName(_ text: String) -> String { name(text, allowsColon: true) }

    /// A text as the name of a label; two leading underscores, which Prometheus keeps for itself, become one.
    static func labelName(_ text: String) -> String {
        var name = name(text, allowsColon: false)
        while name.hasPrefix("__") { name.removeFirst() }
        // A histogram has this label already.
        return name == "le" ? "label_le" : name
    }

    private static func name(_ text: String, allowsColon: Bool) -> String {
        var bytes = text.utf8.map { byte in
            isNameByte(byte) || (allowsColon && byte == UInt8(ascii: ":")) ? byte : UInt8(ascii: "_")
        }
        if bytes.first.map(isDigit) ?? true { bytes.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: isDigit(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Dimensions as the labels between the braces: sorted by name, each name once, and the same text for the same labels.
    ///
    /// An empty value means to Prometheus that there is no such label, so it is left out. Of dimensions whose names become
    /// the same the first counts.
    /// - Parameter value: what to write instead of every value.
    static func labels(_ dimensions: [(String, String)], replacingValuesBy value: String? = nil) -> String {
        var values: [String: String] = [:]
        for (name, text) in dimensions where !text.isEmpty {
            let name = labelName(name)
            if values[name] == nil { values[name] = value ?? text }
        }
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escapedValue($0.value))\"" }.joined(
            separator: ",")
    }

    private static func escapedValue(_ text: String) -> String {
        escaped(text, limit: longestLabelValue, quotes: true)
    }

    /// A text that describes a metric, on one line.
    static func escapedHelp(_ text: String) -> String { escaped(text, limit: .max, quotes: false) }

    /// Escapes by scalars: a line feed after a carriage return is one character with it, but ends a line all the same.
    private static func escaped(_ text: String, limit: Int, quotes: Bool) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            count += scalar.utf8.count
            guard count <= limit else { break }
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A number; whole ones without a point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        guard let whole = Int64(exactly: value), whole.magnitude < 1 << 53 else { return "\(value)" }
        return "\(whole)"
    }

    /// A line: a name, labels and a number.
    static func sample(_ name: String, labels: String = "", _ number: String) -> String {
        labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(labels)} \(number)\n"
    }

    /// The two lines that come before the samples of a metric.
    static func header(_ name: String, type: String, help: String) -> String {
        "# HELP \(name) \(escapedHelp(help))\n# TYPE \(name) \(type)\n"
    }
}
