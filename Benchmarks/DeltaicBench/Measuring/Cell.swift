import Foundation

/// A cell of a table: words, or a figure with its unit.
///
/// Words are a string in JSON; a figure is an object with the number, its unit, and the text that the table shows.
struct Cell: Sendable, ExpressibleByStringInterpolation {
    let text: String
    let value: Double?
    let unit: String?

    private init(text: String, value: Double?, unit: String?) {
        self.text = text
        self.value = value
        self.unit = unit
    }

    init(_ text: String) {
        self.init(text: text, value: nil, unit: nil)
    }

    init(stringLiteral value: String) {
        self.init(value)
    }

    /// A figure; one that is no finite number is shown as a dash.
    init(_ value: Double, _ unit: String, digits: Int) {
        guard value.isFinite else {
            self.init("-")
            return
        }
        self.init(text: String(format: "%.\(digits)f", value), value: value, unit: unit)
    }

    /// What does not apply.
    static let none = Cell("-")

    static func count(_ value: Int) -> Cell { Cell(Double(value), "", digits: 0) }
    static func percent(_ part: Int, of whole: Int) -> Cell {
        Cell(100 * Double(part) / Double(whole), "%", digits: 2)
    }
    static func ratio(_ part: Double, _ whole: Double) -> Cell { Cell(part / whole, "ratio", digits: 3) }
    static func megabytes(_ bytes: Int) -> Cell { Cell(Double(bytes) / 1e6, "MB", digits: 1) }
    static func mebibytes(_ bytes: Int) -> Cell { Cell(Double(bytes) / 1_048_576, "MiB", digits: 0) }
    static func speed(_ bytes: Int, _ seconds: Double) -> Cell {
        Cell(Double(bytes) / seconds / 1e9, "GB/s", digits: 3)
    }
    static func seconds(_ value: Double) -> Cell { Cell(value, "s", digits: 2) }
    static func milliseconds(_ seconds: Double) -> Cell { Cell(1000 * seconds, "ms", digits: 2) }
}

extension Cell: Codable {
    private enum CodingKeys: String, CodingKey {
        case text, value, unit
    }

    init(from decoder: any Decoder) throws {
        if let words = try? decoder.singleValueContainer().decode(String.self) {
            self.init(words)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            text: try container.decode(String.self, forKey: .text),
            value: try container.decode(Double.self, forKey: .value),
            unit: try container.decode(String.self, forKey: .unit))
    }

    func encode(to encoder: any Encoder) throws {
        guard let value, let unit else {
            var container = encoder.singleValueContainer()
            try container.encode(text)
            return
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(text, forKey: .text)
        try container.encode(value, forKey: .value)
        try container.encode(unit, forKey: .unit)
    }
}
