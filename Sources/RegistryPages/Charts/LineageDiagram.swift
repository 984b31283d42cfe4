internal import DeltaicCore
internal import Registry

/// Where a model comes from: its base, its versions, and what else was made of the same.
struct LineageDiagram {
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
    private static let relativeLimit = 6

    private struct Box {
        let title: String
        let note: String
        let path: String?
        var style: Markup = "box"
    }

    func picture() -> Picture {
        let isBase = versions.first?.isBase ?? false
        let base = lineage.base.map { base in
            Box(
                title: base.reference, note: "base, \(ByteFormat.text(base.storedBytes)) kept",
                path: path { ConsolePaths.version(base.model, base.number) }.flatMap { showsBase ? $0 : nil },
                style: "box base")
        }
        let own = shown(
            versions.map { version in
                Box(
                    title: "v\(version.number)"
                        + (version.tags.isEmpty ? "" : " " + version.tags.joined(separator: ", ")),
                    note: note(version), path: path { ConsolePaths.version(version.model, version.number) },
                    style: version.isBase ? "box base" : "box own")
            }, limit: Self.versionLimit, all: versions.count, of: "older versions")
        let relatives = shown(
            lineage.relatives.map { relative in
                Box(
                    title: relative.latest.model, note: note(relative.latest),
                    path: path { ConsolePaths.model(relative.latest.model) })
            }, limit: Self.relativeLimit, all: lineage.relativeCount, of: isBase ? "others" : "other siblings")
        let columns = [base.map { [$0] } ?? [], own, relatives]
        let heads = [
            "Base", isBase ? "Versions" : "Versions of \(model.shortened(to: 22))", isBase ? "Built on it" : "Siblings",
        ]
        return draw(columns, heads, isBase: isBase)
    }

    private func path(_ make: () -> String) -> String? { hasLinks ? make() : nil }

    private func note(_ version: VersionSummary) -> String {
        let kept = "\(ByteFormat.text(version.storedBytes)) of \(ByteFormat.text(version.rawBytes))"
        return version.lossyCodec.map { "\(kept), \($0)" } ?? kept
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
        // From the base, or from what is built on, lines go to every box of the next columns.
        let origin = (x: 1 + Self.box.width, y: 26 + Self.box.height / 2)
        for (index, column) in used.enumerated() {
            let x = 1 + Double(index) * (Self.box.width + Self.columnGap)
            content += "<text class=\"name\" x=\"\(x)\" y=\"14\">\(column.1)</text>\n"
            for (row, box) in column.0.enumerated() {
                let y = 26 + Double(row) * (Self.box.height + Self.gap)
                if index == 1 {
                    content += curve(from: origin, to: (x, y + Self.box.height / 2))
                } else if index == 2, row == 0 {
                    // Siblings come from the base too: one line around the versions says so for all of them.
                    content += "<path class=\"edge faint\" d=\"M\(x - Self.columnGap / 2) 20V\(height - Self.gap)\"/>\n"
                }
                content += draw(box, x: x, y: y)
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
