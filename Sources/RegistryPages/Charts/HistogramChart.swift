internal import DeltaicCore
internal import Registry

/// How many weights changed by how much: falls on the left, rises on the right, and between them those that did not change.
///
/// The axis is logarithmic in the size of a change: bars are half an octave wide.
struct HistogramChart {
    let histogram: DeltaHistogram

    private static let size = (width: 400.0, height: 150.0)
    private static let bottom = 122.0
    private static let top = 16.0
    /// Bins are drawn down to this part of the largest change; what is smaller is drawn together.
    private static let octaves = 14
    private static let middle = 40.0

    /// What it shows, in words.
    var label: String {
        let changed = histogram.bins.reduce(histogram.notFinite) { $0 + $1.count }
        let all = changed + histogram.unchanged
        return
            "\(histogram.tensorClass.rawValue): \(NumberFormat.count(changed)) of \(NumberFormat.count(all, "weight")) changed"
            + (histogram.notFinite > 0
                ? ", \(NumberFormat.count(histogram.notFinite)) from or to no finite number" : "")
    }

    func picture() -> Picture {
        let greatest = histogram.bins.map { max(abs($0.lower), abs($0.upper)) }.max() ?? 0
        guard greatest > 0 else {
            return Picture(
                width: Self.size.width, height: 40, label: label,
                content:
                    "<text class=\"tick\" x=\"0\" y=\"20\">\(histogram.notFinite > 0 ? "nothing else changed" : "nothing changed")</text>"
            )
        }
        let side = (Self.size.width - Self.middle) / 2
        let barWidth = side / Double(2 * Self.octaves)
        var falls = [Int](repeating: 0, count: 2 * Self.octaves)
        var rises = falls
        for bin in histogram.bins {
            let size = max(abs(bin.lower), abs(bin.upper))
            let place = min(2 * Self.octaves - 1, max(0, Self.halfOctaves(from: size, to: greatest)))
            if bin.upper > 0 { rises[place] += bin.count } else { falls[place] += bin.count }
        }
        let most = Double(max(1, (falls + rises).max() ?? 1))
        func bar(_ count: Int, x: Double, style: Markup, _ title: String) -> Markup? {
            guard count > 0 else { return nil }
            let height = max(1, (Self.bottom - Self.top) * Double(count) / most)
            return """
                <rect class="bar \(style)" x="\(x + 0.5)" y="\(Self.bottom - height)" width="\(barWidth - 1)" height="\(height)">\
                <title>\(title)</title></rect>
                """
        }
        let bars = (0..<2 * Self.octaves).flatMap { place -> [Markup?] in
            let size = Self.edge(place, below: greatest)
            let text = NumberFormat.significant(size, 2)
            return [
                bar(
                    falls[place], x: Double(place) * barWidth, style: "falls",
                    "\(NumberFormat.count(falls[place])) fell by up to \(text)"),
                bar(
                    rises[place], x: Self.size.width - Double(place + 1) * barWidth, style: "rises",
                    "\(NumberFormat.count(rises[place])) rose by up to \(text)"),
            ]
        }.compactMap(\.self)
        let centre = Self.size.width / 2
        let all = histogram.bins.reduce(histogram.notFinite) { $0 + $1.count } + histogram.unchanged
        let ticks = [0, Self.octaves].flatMap { place -> [Markup] in
            let text = NumberFormat.significant(Self.edge(place, below: greatest), 2)
            let x = Double(place) * barWidth
            return [
                "<text class=\"tick\" x=\"\(x)\" y=\"\(Self.bottom + 15)\">-\(text)</text>",
                "<text class=\"tick\" x=\"\(Self.size.width - x)\" y=\"\(Self.bottom + 15)\" text-anchor=\"end\">\(text)</text>",
            ]
        }
        return Picture(
            width: Self.size.width, height: Self.size.height, label: label,
            content: """
                <line class="axis" x1="0" x2="\(Self.size.width)" y1="\(Self.bottom)" y2="\(Self.bottom)"/>
                \(bars)\(ticks)<text class="tick" x="\(centre)" y="\(Self.bottom + 15)" text-anchor="middle">0</text>
                <text class="tick" x="\(centre)" y="\(Self.bottom - 18)" text-anchor="middle">same</text>
                <text class="tick" x="\(centre)" y="\(Self.bottom - 5)" text-anchor="middle">\(NumberFormat.percent(histogram.unchanged, of: all))</text>

                """)
    }

    /// Edges of bins are 2^k and 1.5 * 2^k: how many of them lie between two.
    private static func halfOctaves(from size: Double, to greatest: Double) -> Int {
        position(greatest) - position(size)
    }

    private static func position(_ edge: Double) -> Int {
        guard edge.isNormal else { return -4096 }
        return 2 * Int(edge.exponent) + (edge.significand >= 1.5 ? 1 : 0)
    }

    /// The edge that is so many below the greatest.
    private static func edge(_ count: Int, below greatest: Double) -> Double {
        let position = position(greatest) - count
        return Double(sign: .plus, exponent: position >> 1, significand: position & 1 == 0 ? 1 : 1.5)
    }
}
