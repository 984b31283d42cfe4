/// Rows of text in aligned columns.
struct TextTable {
    struct Column {
        let title: String
        let isNumber: Bool
        /// Whether long values may lose their middle to make the table fit.
        let canShorten: Bool

        /// Values that stand at the left.
        static func text(_ title: String) -> Column { Column(title: title, isNumber: false, canShorten: false) }
        /// Values that stand at the left and may be shortened.
        static func name(_ title: String) -> Column { Column(title: title, isNumber: false, canShorten: true) }
        /// Values that stand at the right.
        static func number(_ title: String) -> Column { Column(title: title, isNumber: true, canShorten: false) }
    }

    /// No column is made narrower than this.
    private static let shortest = 8
    private static let gap = "  "

    let columns: [Column]
    private var rows: [[String]] = []
    private var total: [String]?

    init(_ columns: [Column]) {
        self.columns = columns
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row with one value per column.
    mutating func add(_ row: [String]) {
        rows.append(row.map { PrintableText.escaped($0) })
    }

    /// Sets a last row, under a rule.
    mutating func addTotal(_ row: [String]) {
        total = row
    }

    /// The lines of the table.
    /// - Parameter width: the characters that a line may have; nil if names are not to be shortened.
    func lines(width: Int?) -> [String] {
        let all = [columns.map(\.title)] + rows + (total.map { [$0] } ?? [])
        var widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        if let width { fit(&widths, into: width) }
        var lines = ([columns.map(\.title)] + rows).map { line($0, widths) }
        if let total {
            lines.append(widths.map { String(repeating: "-", count: $0) }.joined(separator: Self.gap))
            lines.append(line(total, widths))
        }
        return lines
    }

    /// Takes characters from the widest columns that may lose some.
    private func fit(_ widths: inout [Int], into width: Int) {
        var excess = widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - width
        while excess > 0 {
            let candidates = columns.indices.filter { columns[$0].canShorten && widths[$0] > Self.shortest }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        let cells = columns.indices.map { column in
            let text = PrintableText.shortened(row[column], to: widths[column])
            let space = String(repeating: " ", count: widths[column] - text.count)
            return columns[column].isNumber ? space + text : text + space
        }
        let line = cells.joined(separator: Self.gap)
        guard let end = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...end])
    }
}
