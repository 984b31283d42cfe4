import DeltaicCore
import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import Registry
@testable import RegistryPages

@Suite("Charts")
struct ChartTests {
    @Test("axes end at round numbers around what they show", arguments: 1...5)
    func scale(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let greatest = Foundation.pow(10, Double.random(in: -6...15, using: &random))
            let scale = ChartScale(upTo: greatest, along: (0, 100))
            #expect(scale.values.lowerBound == 0 && scale.values.upperBound >= greatest, "\(greatest), seed \(seed)")
            #expect(
                scale.values.upperBound <= 2.6 * greatest && (2...7).contains(scale.ticks.count),
                "\(greatest), seed \(seed)")
            #expect(scale.place(0) == 0 && abs(scale.place(scale.values.upperBound) - 100) < 1e-9)
        }
        #expect(ChartScale(upTo: 0, along: (0, 1)).ticks.count > 1)
        let extremes: [Double] = [
            0, 1e308, -1e308, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 9.1e307,
            .leastNormalMagnitude, 1, -1,
            1.0000000000000002, 1e15, 0.1,
        ]
        for least in extremes {
            for greatest in extremes {
                let scale = ChartScale(upTo: greatest, from: least, along: (0, 100))
                #expect(!scale.ticks.isEmpty && scale.ticks.count < 20, "\(least) \(greatest)")
                let series = LineChart.Series(
                    name: "s", style: "kept",
                    points: [.init(x: 1, y: least, title: ""), .init(x: 2, y: greatest, title: "")])
                let picture = LineChart(label: "", series: [series], formatY: { "\($0)" }, ticksX: []).picture()
                #expect(!picture.document.contains("nan") && !picture.document.contains("inf\""))
            }
        }
        #expect(ChartScale(upTo: 5, from: 5, along: (0, 1)).values.contains(5))
    }

    /// Whether a text is XML, and how many elements of a name it has.
    private final class Elements: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) { counts[name, default: 0] += 1 }

        static func count(in text: String) throws -> [String: Int] {
            let elements = Elements()
            let parser = XMLParser(data: Data(text.utf8))
            parser.delegate = elements
            try #require(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") \(text.prefix(500))")
            return elements.counts
        }
    }

    private static let hostile = "<a&b>\"'\u{1}\u{301}"

    @Test("every picture is XML, with hostile names too, and has what it was given")
    func documents() throws {
        let groups = (0..<30).map { index in
            SavingsReport.Group(
                name: "\(Self.hostile)\(index)", versions: 1, rawBytes: 1000 * (30 - index), storedBytes: index)
        }
        let days = (0..<5).map { GrowthDay(day: 20_000 + 7 * $0, versions: 1, rawBytes: 1 << 30, storedBytes: 1 << 25) }
        let savings = SavingsPicture(.base, groups).picture()
        #expect(try Elements.count(in: savings.document)["rect"] == 2 * 13 + 1)
        #expect(savings.document.contains("18 others"))
        #expect(try Elements.count(in: GrowthPicture(days, today: 20_100).picture().document)["circle"] == 10)
        let whole = SavingsPicture.whole(growth: days, groups: [(.base, groups), (.codec, [])])
        #expect(try Elements.count(in: whole.document)["path"] == 2)
        #expect(try Elements.count(in: SavingsPicture.whole(growth: [], groups: []).document)["svg"] == 1)
        let histogram = DeltaHistogram(
            tensorClass: .linear, unchanged: 10,
            bins: [
                .init(lower: -4, upper: -3, count: 5), .init(lower: -1e-30, upper: -0.75e-30, count: 1),
                .init(lower: 2, upper: 3, count: 7),
            ], notFinite: 1)
        let chart = HistogramChart(histogram: histogram)
        #expect(chart.label == "linear: 14 of 24 weights changed, 1 from or to no finite number")
        #expect(try Elements.count(in: chart.picture().document)["rect"] == 4)
        let largest = Double(Float.greatestFiniteMagnitude)
        let huge = DeltaHistogram(
            tensorClass: .linear, unchanged: 0,
            bins: [.init(lower: 0, upper: 1e-45, count: 1), .init(lower: 1.7e38, upper: largest, count: 2)],
            notFinite: 0)
        #expect(try Elements.count(in: HistogramChart(histogram: huge).picture().document)["rect"] == 3)
        // Titles name the edges of bins: 2^k and 1.5 * 2^k.
        let edges = DeltaHistogram(
            tensorClass: .linear, unchanged: 0,
            bins: [.init(lower: 0.03125, upper: 0.046875, count: 3), .init(lower: 0.046875, upper: 0.0625, count: 4)],
            notFinite: 0)
        let titles = HistogramChart(histogram: edges).picture().document
        #expect(titles.contains("4 rose by up to 0.062<") && titles.contains("3 rose by up to 0.047<"))
        let nothing = HistogramChart(
            histogram: DeltaHistogram(tensorClass: .bias, unchanged: 3, bins: [], notFinite: 0))
        #expect(nothing.picture().document.contains("nothing changed"))
    }

    @Test("figures in a picture's cells can be read, in light and in dark")
    func contrast() throws {
        let parts = PageAssets.charts.components(separatedBy: "@media (prefers-color-scheme: dark)")
        try #require(parts.count == 3)
        for (scheme, css) in [("light", parts[1]), ("dark", parts[2])] {
            for level in 0..<HeatMap.levels {
                let fill = try colour(of: "heat\(level)", css)
                let ink = try ink(of: level, css)
                #expect(ratio(fill, ink) >= 4.5, "\(scheme) level \(level): \(ratio(fill, ink))")
            }
        }
    }

    private func colour(of name: String, _ css: String) throws -> String {
        let start = try #require(css.range(of: ".\(name) rect { fill: "))
        return String(css[start.upperBound...].prefix(7))
    }

    /// The colour of texts of a level: the last rule that names it, or the one for all.
    private func ink(of level: Int, _ css: String) throws -> String {
        for line in css.split(separator: "\n").reversed() where line.contains(".heat\(level) text") {
            let start = try #require(line.range(of: "fill: "))
            return String(line[start.upperBound...].prefix(7))
        }
        let start = try #require(css.range(of: "[class^=\"heat\"] text { font-size: 11px; fill: "))
        return String(css[start.upperBound...].prefix(7))
    }

    /// The contrast ratio of WCAG 2.
    private func ratio(_ one: String, _ other: String) -> Double {
        func luminance(_ colour: String) -> Double {
            let parts = (0..<3).map { index -> Double in
                let value = Double(Int(colour.dropFirst(1 + 2 * index).prefix(2), radix: 16) ?? 0) / 255
                return value <= 0.04045 ? value / 12.92 : Foundation.pow((value + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        let sorted = [luminance(one), luminance(other)].sorted()
        return (sorted[1] + 0.05) / (sorted[0] + 0.05)
    }
}
