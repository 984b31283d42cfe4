internal import DeltaicCore
public import Registry

/// How two versions differ.
public struct ComparisonPage: Sendable {
    public enum State: Sendable {
        /// Both are being decoded.
        case comparing
        case known(VersionComparison, texts: [ChangedText])
        case failed(String)
        /// Two versions have to be named first.
        case asking
    }

    /// A small text file that is in both versions and differs.
    public struct ChangedText: Sendable {
        let path: String
        public let difference: LineDifference

        public init(path: String, difference: LineDifference) {
            self.path = path
            self.difference = difference
        }
    }

    let left: String
    let right: String
    let state: State

    public init(left: String, right: String, state: State) {
        self.left = left
        self.right = right
        self.state = state
    }

    public func markup(in layout: PageLayout) -> Markup {
        return layout.page(
            left.isEmpty ? "Compare" : "\(left) and \(right)", at: .models,
            """
            <p class="crumbs"><a href="\(ConsolePaths.models)">Models</a></p>
            <h1>\(left.isEmpty ? "Compare two versions" : "\(left) and \(right)")</h1>
            <form class="row" method="get" action="\(ConsolePaths.compare)">
            <label>Left <input name="left" value="\(left)" required placeholder="name@v1" autocomplete="off"></label>
            <label>Right <input name="right" value="\(right)" required placeholder="name@v2" autocomplete="off"></label>
            <button type="submit" class="main">Compare</button></form>
            \(content)
            """)
    }

    private var content: Markup {
        switch state {
        case .asking:
            "<p>A version is <code>name@v1</code>, <code>name:tag</code>, or <code>name</code> for the newest.</p>"
        case .comparing: Parts.waiting("They are being compared: both are decoded for it.")
        case .failed(let problem): "<p class=\"warning\" role=\"status\">\(problem)</p>"
        case .known(let comparison, let texts): Self.content(comparison, texts)
        }
    }

    private static func content(_ comparison: VersionComparison, _ texts: [ChangedText]) -> Markup {
        let pictures = ComparisonPicture(comparison).layers
        let histograms = comparison.histograms.filter { !$0.bins.isEmpty || $0.notFinite > 0 }
        let changes: Markup =
            histograms.isEmpty
            ? "<p>No weight that both have differs.</p>" : HistogramFigures(histograms: histograms).markup
        return """
            \(tiles(comparison))
            \(Parts.section("By layer", id: "layers", "\(pictures.figures())\(pictures.others().map { "<h3>Outside of layers</h3>\($0)" as Markup })"))
            \(Parts.section("How much weights differ", id: "histograms", changes))
            \(Parts.section("Files", id: "files", "\(fileTable(comparison))\(texts.map(text))"))
            """
    }

    private static func tiles(_ comparison: VersionComparison) -> Markup {
        let changed = comparison.tensors.reduce(0) { $0 + ($1.changed ?? 0) }
        let compared = comparison.tensors.reduce(0) { $0 + ($1.compared ?? 0) }
        let kinds = Dictionary(grouping: comparison.tensors, by: \.kind).mapValues(\.count)
        let shared = comparison.shared
        return """
            <div class="tiles">
            \(Parts.tile("Weights that differ", "\(NumberFormat.percent(changed, of: compared))", "\(NumberFormat.count(changed)) of \(NumberFormat.count(compared))"))
            \(Parts.tile("Tensors that differ", "\(kinds[.changed] ?? 0) of \(comparison.tensors.count)", "\(kinds[.onlyLeft] ?? 0) only left, \(kinds[.onlyRight] ?? 0) only right, \(kinds[.incomparable] ?? 0) not comparable"))
            \(Parts.tile("Shared bytes", Parts.bytes(shared.rawBytes), "of files and tensors; stored once, in \(ByteFormat.text(shared.storedBytes))"))
            \(Parts.tile("Stored for one only", "\(ByteFormat.text(shared.onlyLeftStoredBytes)) / \(ByteFormat.text(shared.onlyRightStoredBytes))", "left / right"))
            </div>
            """
    }

    private static func fileTable(_ comparison: VersionComparison) -> Markup {
        let differing = comparison.files.filter { $0.kind != .same }
        let same = comparison.files.count - differing.count
        guard !differing.isEmpty else {
            return "<p>All \(NumberFormat.count(same, "file")) are the same, byte for byte.</p>"
        }
        var table = DataTable("Files that differ", [.text("File"), .text("What"), .number("Left"), .number("Right")])
        for file in differing {
            table.add([
                "<span class=\"mono\">\(file.path)</span>", "\(word(file.kind))",
                file.leftSize.map(Parts.bytes) ?? "-", file.rightSize.map(Parts.bytes) ?? "-",
            ])
        }
        return "\(table.markup)<p class=\"dim\">\(NumberFormat.count(same)) more are the same in both.</p>"
    }

    private static func word(_ kind: VersionComparison.Kind) -> String {
        switch kind {
        case .same: "same"
        case .changed: "changed"
        case .onlyLeft: "only left"
        case .onlyRight: "only right"
        case .incomparable: "not comparable"
        }
    }

    private static func text(_ text: ChangedText) -> Markup {
        """
        <h3 class="mono">\(text.path)</h3>
        <pre class="diff scroll" tabindex="0" role="group" aria-label="Changes of \(text.path)"><code>\(text.difference.markup)</code></pre>
        """
    }
}
