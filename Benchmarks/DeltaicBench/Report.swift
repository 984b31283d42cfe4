import Foundation

/// A table of figures that prints itself and can be written as JSON.
struct Report: Codable {
    var title: String
    /// What the numbers count, and what they were measured on.
    var notes: [String]
    var columns: [String]
    var rows: [[String]]

    func print() {
        Swift.print("\n\(title)")
        for note in notes { Swift.print("  \(note)") }
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        for row in [columns] + rows {
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }
            Swift.print("  " + cells.joined(separator: "  "))
        }
    }

    static func finish(_ reports: [Report], json: String?) throws {
        for report in reports { report.print() }
        guard let json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(reports).write(to: URL(filePath: json))
    }
}

func percent(_ part: Int, of whole: Int) -> String {
    String(format: "%.2f %%", 100 * Double(part) / Double(whole))
}

func ratio(_ part: Double, _ whole: Double) -> String {
    String(format: "%.3f", part / whole)
}

func megabytes(_ bytes: Int) -> String {
    String(format: "%.2f MB", Double(bytes) / 1e6)
}

func gigabytesPerSecond(_ bytes: Int, _ seconds: Double) -> String {
    String(format: "%.3f", Double(bytes) / seconds / 1e9)
}

/// What stops a benchmark.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
