internal import DeltaicCore
internal import Registry

/// Where a model comes from: its base, its versions, and what else was made of the same.
public struct LineageDiagram {
    let model: String
    let lineage: ModelLineage
    /// The newest first.
    let versions: [VersionSummary]
    /// Whether its boxes lead to pages.
    let hasLinks: Bool
    /// Whether the viewer may look at the base: others learn only its name.
    let showsBase: Bool

    private static let box = (width: 190.0, height: 40.0)
    private static let gap = 12.0
    private static let columnGap = 56.0
    private static let versionLimit = 6
    /// Relatives that are drawn one by one.
    public static let relativeLimit = 6
    private static let baseLimit = 4

    private struct Box {
        let title: String
        let note: String
        let path: String?
        var style: Markup = "box"
        /// Where the line to it comes from: the title of a box before it.
        var origin: String?
    }

    func picture() -> Picture {
        let isBase = versions.first?.isBase ?? false
        let shownVersions = versions.prefix(Self.versionLimit)
        // Versions may be deltas of different bases.
        let references = shownVersions.compactMap(\.base).reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let bases = shown(
            references.map { reference in
                let known = lineage.base.flatMap { $0.reference == reference && showsBase ? $0 : nil }
                return Box(
                    title: reference, note: known.map { "base, \(ByteFormat.text($0.storedBytes)) kept" } ?? "base",
                    path: showsBase ? path { ConsolePaths.version(reference: reference) } : nil, style: "box base")
            }, limit: Self.baseLimit, all: references.count, of: "other bases")
        let own = shown(
            shownVersions.map { version in
                Box(
                    title: "v\(version.number)"
                        + (version.tags.isEmpty ? "" : " " + version.tags.joined(separator: ", ")),
                    note: note(version), path: path { ConsolePaths.version(version.model, version.number) },
                    style: version.isBase ? "box base" : "box own", origin: version.base)
            }, limit: Self.versionLimit, all: versions.count, of: "older versions")
        let titles = Dictionary(zip(shownVersions.map(\.reference), own.map(\.title))) { first, _ in first }
        let relatives = shown(
            lineage.relatives.map { relative in
                Box(
                    title: relative.latest.model, note: note(relative.latest),
                    path: path { ConsolePaths.model(relative.latest.model) },
                    origin: isBase ? relative.latest.base.flatMap { titles[$0] } : nil)
            }, limit: Self.relativeLimit, all: lineage.relativeCount, of: isBase ? "others" : "other siblings")
        let heads = [
            references.count > 1 ? "Bases" : "Base", isBase ? "Versions" : "Versions of \(model.shortened(to: 22))",
            isBase ? "Built on it" : "Siblings, on the same base",
        ]
        return draw([bases, own, relatives], heads, isBase: isBase)
    }

    private func path(_ make: () -> String) -> String? { hasLinks ? make() : nil }

    private func note(_ version: VersionSummary) -> String {
        "\(ByteFormat.text(version.storedBytes)) of \(ByteFormat.text(version.rawBytes))"
    }

    private func shown(_ boxes: [Box], limit: Int, all: Int, of what: String) -> [Box] {
        let shown = Array(boxes.prefix(limit))
        guard all > shown.count else { return shown }
        return shown + [
            Box(title: "\(NumberFormat.count(all - shown.count)) \(what)", note: "", path: nil, style: "box more")
        ]
    }

    private func draw(_ columns: [[Box]], _ heads: [String], isBase: Bool) -> Picture {
        let used = zip(columns, heads).filter { !$0.0.isEmpty }
        let rows = Double(used.map(\.0.count).max() ?? 1)
        let height = 26 + rows * (Self.box.height + Self.gap)
        let width = Double(used.count) * Self.box.width + Double(max(0, used.count - 1)) * Self.columnGap + 2
        var content: Markup = .none
        // Where lines to a box of a title begin.
        var ends: [String: (x: Double, y: Double)] = [:]
        for (index, column) in used.enumerated() {
            let x = 1 + Double(index) * (Self.box.width + Self.columnGap)
            content += "<text class=\"name\" x=\"\(x)\" y=\"14\">\(column.1)</text>\n"
            for (row, box) in column.0.enumerated() {
                let y = 26 + Double(row) * (Self.box.height + Self.gap)
                if let start = box.origin.flatMap({ ends[$0] }) {
                    content += curve(from: start, to: (x, y + Self.box.height / 2))
                } else if index == 2, row == 0 {
                    // Siblings come from the base too: one line around the versions says so for all of them.
                    content += "<path class=\"edge faint\" d=\"M\(x - Self.columnGap / 2) 20V\(height - Self.gap)\"/>\n"
                }
                content += draw(box, x: x, y: y)
                ends[box.title] = (x + Self.box.width, y + Self.box.height / 2)
            }
        }
        return Picture(
            width: width, height: height, label: "Lineage of \(model)", hasLinks: hasLinks, content: content)
    }

    private func curve(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) -> Markup {
        let middle = (start.x + end.x) / 2
        return
            "<path class=\"edge\" d=\"M\(start.x) \(start.y)C\(middle) \(start.y) \(middle) \(end.y) \(end.x) \(end.y)\"/>\n"
    }

    private func draw(_ box: Box, x: Double, y: Double) -> Markup {
        let content: Markup = """
            <g class="\(box.style)"><title>\(box.title)\(box.note.isEmpty ? "" : ": \(box.note)")</title>\
            <rect x="\(x)" y="\(y)" width="\(Self.box.width)" height="\(Self.box.height)" rx="6"/>\
            <text x="\(x + 10)" y="\(y + (box.note.isEmpty ? 25 : 17))">\(box.title.shortened(to: 26))</text>\
            <text class="tick" x="\(x + 10)" y="\(y + 32)">\(box.note.shortened(to: 30))</text></g>

            """
        guard let path = box.path else { return content }
        return "<a href=\"\(path)\">\(content)</a>"
    }
}
