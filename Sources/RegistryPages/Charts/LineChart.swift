/// Lines over time, or over versions.
struct LineChart {
    struct Point {
        let x: Double
        let y: Double
        /// What is told of the point.
        let title: String
    }

    struct Series {
        let name: String
        /// The class of its colour: `kept`, `registered`, `other`.
        let style: String
        let points: [Point]
        /// Whether a value holds until the next one, rather than moving towards it.
        var isStepped = false
    }

    let label: String
    var caption: String?
    let series: [Series]
    /// The least value of the axis; nil for the least that there is.
    var least: Double?
    let formatY: (Double) -> String
    let ticksX: [(value: Double, text: String)]

    private static let size = (width: 520.0, height: 230.0)
    private static let margin = (left: 66.0, right: 14.0, top: 26.0, bottom: 28.0)

    func picture() -> Picture {
        let points = series.flatMap(\.points)
        let (left, right) = (Self.margin.left, Self.size.width - Self.margin.right)
        let (top, bottom) = (Self.margin.top, Self.size.height - Self.margin.bottom)
        let xs = points.map(\.x) + ticksX.map(\.value)
        let x = ChartScale(over: (xs.min() ?? 0)...(xs.max() ?? 1), along: (left, right), ticks: [])
        let y = ChartScale(
            upTo: points.map(\.y).max() ?? 1, from: least ?? points.map(\.y).min() ?? 0, along: (bottom, top))
        let grid = y.ticks.map { tick -> Markup in
            """
            <line class="grid" x1="\(left)" x2="\(right)" y1="\(y.place(tick))" y2="\(y.place(tick))"/>
            <text class="tick" x="\(left - 6)" y="\(y.place(tick) + 4)" text-anchor="end">\(formatY(tick))</text>
            """
        }
        let marks = ticksX.map { tick -> Markup in
            let place = x.place(tick.value)
            let anchor: Markup = place > right - 30 ? "end" : place < left + 30 ? "start" : "middle"
            return
                "<text class=\"tick\" x=\"\(place)\" y=\"\(bottom + 18)\" text-anchor=\"\(anchor)\">\(tick.text)</text>"
        }
        let lines = series.map { line($0, x, y, end: right) }
        return Picture(
            width: Self.size.width, height: Self.size.height, label: label, caption: caption,
            content: "\(grid)\(marks)\(lines)\(legend)")
    }

    private func line(_ series: Series, _ x: ChartScale, _ y: ChartScale, end: Double) -> Markup {
        var path: Markup = .none
        var last: Double?
        for point in series.points {
            let (px, py) = (x.place(point.x), y.place(point.y))
            if let last {
                if series.isStepped { path += "L\(px) \(last)" }
                path += "L\(px) \(py)"
            } else {
                path += "M\(px) \(py)"
            }
            last = py
        }
        if series.isStepped, let last { path += "L\(end) \(last)" }
        // Many points would be a band, not dots.
        let dots =
            series.points.count > 120
            ? []
            : series.points.map { point -> Markup in
                """
                <circle class="dot \(series.style)" cx="\(x.place(point.x))" cy="\(y.place(point.y))" r="3">\
                <title>\(point.title)</title></circle>
                """
            }
        return "<path class=\"line \(series.style)\" d=\"\(path)\"/>\n\(dots)"
    }

    private var legend: [Markup] {
        var x = Self.margin.left
        return series.map { series in
            defer { x += 34 + 7.5 * Double(series.name.count) }
            return """
                <rect class="bar \(series.style)" x="\(x)" y="6" width="12" height="10"/>
                <text class="legend" x="\(x + 17)" y="15">\(series.name)</text>
                """
        }
    }
}
