import Foundation

/// A table of figures that prints itself and can be written as JSON.
struct Report: Codable {
    var title: String
    /// What the numbers count, and what they were measured on.
    var notes: [String]
    var columns: [String]
    var rows: [[Cell]]

    /// No line of a table is longer: it is to fit a terminal, a page and a mail.
    private static let lineWidth = 100

    func print() {
        Swift.print("\n" + Self.wrapped(title, indent: "").joined(separator: "\n"))
        for note in notes {
            for line in Self.wrapped(note, indent: "  ") { Swift.print(line) }
        }
        let cells = columns.indices.map { column in rows.map { $0[column].text.count }.max() ?? 0 }
        let headings = zip(columns, cells).map { Self.stacked($0, width: $1) }
        let widths = zip(headings, cells).map { heading, cell in max(cell, heading.map(\.count).max() ?? 0) }
        let height = headings.map(\.count).max() ?? 0
        func show(_ row: [String]) {
            let padded = row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: max(0, widths[column] - text.count))
                return column == 0 ? text + padding : padding + text
            }
            Swift.print("  " + padded.joined(separator: "  "))
        }
        for line in 0..<height {
            show(headings.map { line < height - $0.count ? "" : $0[line - height + $0.count] })
        }
        for row in rows { show(row.map(\.text)) }
        // What was measured is seen while the rest goes on, in a file too.
        fflush(nil)
    }

    /// A heading in as few lines as fit the width of its column.
    private static func stacked(_ heading: String, width: Int) -> [String] {
        filled(heading, width: max(width, heading.split(separator: " ").map(\.count).max() ?? 0))
    }

    private static func wrapped(_ text: String, indent: String) -> [String] {
        filled(text, width: lineWidth - indent.count).enumerated().map { index, line in
            indent + (index == 0 || indent.isEmpty ? "" : "  ") + line
        }
    }

    private static func filled(_ text: String, width: Int) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
    }

    static func finish(_ reports: [Report], json: String?) throws {
        for report in reports { report.print() }
        guard let json else { return }
        try JSONFile.write(reports, to: json)
    }
}

/// Files of figures.
enum JSONFile {
    static func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(value).write(to: URL(filePath: path))
    }

    static func read<Value: Decodable>(_ path: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(filePath: path)))
    }
}

/// What stops a benchmark.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
