internal import DeltaicCore

/// What is kept against what was registered, a pair of bars for each group.
struct BarChart {
    struct Row {
        let name: String
        let registered: Int
        let kept: Int
    }

    let label: String
    /// The largest first; those behind the limit are drawn as one.
    let rows: [Row]

    private static let width = 400.0
    private static let rowHeight = 44.0
    private static let limit = 12

    init(_ label: String, _ rows: [Row]) {
        self.label = label
        let sorted = rows.sorted { ($0.registered, $1.name) > ($1.registered, $0.name) }
        let rest = sorted.dropFirst(Self.limit)
        self.rows =
            sorted.prefix(Self.limit)
            + (rest.isEmpty
                ? []
                : [
                    Row(
                        name: "\(rest.count) others", registered: rest.reduce(0) { $0 + $1.registered },
                        kept: rest.reduce(0) { $0 + $1.kept })
                ])
    }

    func picture() -> Picture {
        let room = Self.width - 96
        let greatest = Double(rows.map { max($0.registered, $0.kept) }.max() ?? 1)
        func length(_ bytes: Int) -> Double { bytes == 0 ? 0 : max(1, room * Double(bytes) / max(1, greatest)) }
        let bars = rows.enumerated().map { index, row -> Markup in
            let y = Double(index) * Self.rowHeight
            return """
                <g><title>\(row.name): \(ByteFormat.text(row.registered)) registered, \(ByteFormat.text(row.kept)) kept</title>
                <text class="name" x="0" y="\(y + 12)">\(row.name.shortened(to: 46))</text>
                <rect class="bar registered" x="0" y="\(y + 17)" width="\(length(row.registered))" height="9"/>
                <text class="tick" x="\(length(row.registered) + 5)" y="\(y + 25)">\(ByteFormat.text(row.registered))</text>
                <rect class="bar kept" x="0" y="\(y + 27)" width="\(length(row.kept))" height="9"/>
                <text class="tick" x="\(length(row.kept) + 5)" y="\(y + 37)">\(ByteFormat.text(row.kept))\
                \(row.kept > 0 ? ", \(NumberFormat.ratio(row.registered, to: row.kept))" : "")</text></g>
                """
        }
        return Picture(
            width: Self.width, height: max(1, Double(rows.count)) * Self.rowHeight, label: label,
            content: "\(bars)")
    }
}

extension String {
    /// Keeps the start and the end of a text that is too long, with an ellipsis between.
    func shortened(to width: Int) -> String {
        guard count > width, width > 2 else { return self }
        let tail = (width - 1) / 2
        return prefix(width - 1 - tail) + "\u{2026}" + suffix(tail)
    }
}
