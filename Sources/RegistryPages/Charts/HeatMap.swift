internal import Foundation

/// A field of cells whose colour tells a figure: layers down, projections across.
struct HeatMap {
    struct Cell {
        let value: Double
        /// What is written in it.
        let text: String
        /// What is told of it.
        let title: String
    }

    let label: String
    let caption: String
    let columns: [String]
    let rows: [String]
    /// By row, then by column; nil where a layer has no such projection.
    let cells: [[Cell?]]
    static let levels = 10
    private static let cellWidth = 62.0
    private static let rowLabel = 36.0

    /// The height of a row: many layers have to fit.
    private var cellHeight: Double { rows.count > 48 ? 14 : rows.count > 24 ? 17 : 22 }

    func picture() -> Picture {
        // Titles of columns stand aslant, so that long ones fit.
        let head = 16 + 6 * Double(columns.map { $0.shortened(to: Self.longestTitle).count }.max() ?? 0) * 0.72
        let overhang = head * 0.9
        let titles = columns.enumerated().map { index, title -> Markup in
            let x = Self.rowLabel + (Double(index) + 0.4) * Self.cellWidth
            return """
                <text class="name" x="\(x)" y="\(head - 4)" transform="rotate(-40 \(x) \(head - 4))">\
                \(title.shortened(to: Self.longestTitle))<title>\(title)</title></text>
                """
        }
        let names = rows.enumerated().map { index, name -> Markup in
            "<text class=\"tick\" x=\"\(Self.rowLabel - 6)\" y=\"\(head + (Double(index) + 0.5) * cellHeight + 4)\" text-anchor=\"end\">\(name)</text>"
        }
        let range = self.range
        let field = cells.enumerated().flatMap { row, line in
            line.enumerated().compactMap { column, cell in
                cell.map {
                    draw(
                        $0, x: Self.rowLabel + Double(column) * Self.cellWidth, y: head + Double(row) * cellHeight,
                        range)
                }
            }
        }
        return Picture(
            width: Self.rowLabel + Double(columns.count) * Self.cellWidth + overhang,
            height: head + Double(rows.count) * cellHeight + 2, label: label, caption: caption,
            content: "\(titles)\(names)\(field)")
    }

    private static let longestTitle = 26

    private func draw(_ cell: Cell, x: Double, y: Double, _ range: ClosedRange<Double>?) -> Markup {
        let style = range.flatMap { level(of: cell.value, in: $0) }.map { "heat\($0)" } ?? "heatnone"
        return """
            <g class="\(style)"><title>\(cell.title)</title>\
            <rect x="\(x + 0.5)" y="\(y + 0.5)" width="\(Self.cellWidth - 1)" height="\(cellHeight - 1)"/>\
            <text x="\(x + Self.cellWidth / 2)" y="\(y + cellHeight / 2 + 4)" text-anchor="middle">\(cell.text)</text></g>
            """
    }

    /// The figures that have a colour: zero has none.
    private var range: ClosedRange<Double>? {
        let values = cells.joined().compactMap { $0?.value }.filter { $0 > 0 && $0.isFinite }
        guard let least = values.min(), let greatest = values.max() else { return nil }
        return least...greatest
    }

    private func level(of value: Double, in range: ClosedRange<Double>) -> Int? {
        guard value > 0, value.isFinite else { return nil }
        // By the logarithm: vectors and matrices differ by powers.
        // Figures that are nearly equal look so: the colours span a factor of two at least.
        let middle = (log(range.lowerBound) + log(range.upperBound)) / 2
        let half = max(log(range.upperBound) - log(range.lowerBound), log(2)) / 2
        let (low, high) = (middle - half, middle + half)
        return min(Self.levels - 1, max(0, Int((log(value) - low) / (high - low) * Double(Self.levels))))
    }
}
