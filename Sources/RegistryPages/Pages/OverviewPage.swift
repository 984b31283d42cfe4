internal import DeltaicCore
public import Registry

/// What is kept, what it costs, and what could be saved.
public struct OverviewPage: Sendable {
    /// What is known of models that could be deltas of others.
    public enum PossibleSavingsState: Sendable {
        /// They are being looked for.
        case looking
        case known([PossibleSaving])
    }

    let totals: [SavingsReport.Group]
    let tasks: [SavingsReport.Group]
    let codecs: [SavingsReport.Group]
    let growth: [GrowthDay]
    let largest: [ModelListing]
    let newest: [ModelListing]
    let possible: PossibleSavingsState
    /// Sums over the whole registry; nil for those who see a namespace only.
    let report: SavingsReport?

    /// - Parameter bases: the savings by base, which hold every version once.
    public init(
        bases: [SavingsReport.Group], tasks: [SavingsReport.Group], codecs: [SavingsReport.Group],
        growth: [GrowthDay], largest: [ModelListing], newest: [ModelListing], possible: PossibleSavingsState,
        report: SavingsReport?
    ) {
        totals = bases
        self.tasks = tasks
        self.codecs = codecs
        self.growth = growth
        self.largest = largest
        self.newest = newest
        self.possible = possible
        self.report = report
    }

    public func markup(in layout: PageLayout) -> Markup {
        layout.page(
            "Overview", at: .overview,
            """
            <h1>What is kept</h1>
            \(tiles)
            \(totals.isEmpty ? empty : full)
            """)
    }

    private var full: Markup {
        """
        \(charts)
        \(lists)
        \(Parts.section("What could be saved", id: "possible", possibleSavings))
        """
    }

    private var empty: Markup {
        """
        <p>Nothing is registered yet. A first base, and a fine-tune of it:</p>
        \(Parts.command("Command line", "deltaic base add ./minilm --name minilm"))
        \(Parts.command("Command line", "deltaic register ./tuned --name org/tuned --base minilm --task retrieval"))
        """
    }

    private var tiles: Markup {
        let raw = report?.rawBytes ?? totals.reduce(0) { $0 + $1.rawBytes }
        let stored = report?.storedBytes ?? totals.reduce(0) { $0 + $1.storedBytes }
        let versions = totals.reduce(0) { $0 + $1.versions }
        var tiles: [Markup] = [
            Parts.tile("Registered", Parts.bytes(raw), "\(NumberFormat.count(versions, "version"))"),
            Parts.tile(
                "Kept", Parts.bytes(stored),
                "\(report == nil ? "the packs of these versions" : "all packs, to the byte")"),
            Parts.tile("Ratio", Parts.ratio(raw, stored), "registered over kept"),
            Parts.tile("Saved", Parts.bytes(raw - stored)),
        ]
        if let report {
            if report.garbageBytes > 0 || report.retainedBytes > 0 {
                tiles.append(
                    Parts.tile(
                        "Garbage", Parts.link(ConsolePaths.garbage, text: ByteFormat.text(report.garbageBytes)),
                        "and \(ByteFormat.text(report.retainedBytes)) that others still need"))
            }
            if report.pendingVersions > 0 {
                tiles.append(
                    Parts.tile(
                        "Pending", Parts.link(ConsolePaths.jobs, text: NumberFormat.count(report.pendingVersions)),
                        "stored as they were sent"))
            }
        }
        return "<div class=\"tiles\">\(tiles)</div>"
    }

    private var charts: Markup {
        let growthTable = {
            var table = DataTable(
                "Growth", [.text("Day"), .number("Versions"), .number("Registered"), .number("Kept")])
            for day in growth.suffix(60) {
                table.add([
                    "\(NumberFormat.date(day.day * 86400).prefix(10))", "\(NumberFormat.count(day.versions))",
                    Parts.bytes(day.rawBytes), Parts.bytes(day.storedBytes),
                ])
            }
            return table.markup
        }()
        let picture = GrowthPicture(growth).picture()
        let groups: [(SavingsReport.Grouping, Markup, [SavingsReport.Group], (String) -> String?)] = [
            (.base, "By base", totals, { $0 == "(none)" ? nil : ConsolePaths.models([("base", $0)]) }),
            (.task, "By task", tasks, { $0 == "(none)" ? nil : ConsolePaths.models([("task", $0)]) }),
            (.codec, "By codec", codecs, { _ in nil }),
        ]
        let figures = groups.map { grouping, title, groups, path in
            let chart = SavingsPicture(grouping, groups)
            let picture = chart.picture()
            return Parts.figure(
                "\(title), registered and kept", label: picture.label, picture.inPage, table: chart.table(path: path))
        }
        return """
            <div class="columns">
            \(Parts.figure("Over time, of what is there today", label: picture.label, picture.inPage, table: growthTable))
            \(figures)
            </div>
            """
    }

    private var lists: Markup {
        """
        <div class="columns">
        \(Parts.section("The largest", id: "largest", ModelTable(largest, label: "The largest models").brief))
        \(Parts.section("The newest", id: "newest", ModelTable(newest, label: "The newest models").brief))
        </div>
        """
    }

    @MarkupChoice private var possibleSavings: Markup {
        switch possible {
        case .looking:
            "<p>Models that are stored in full are being compared with each other; look again in a moment.</p>"
        case .known(let savings):
            if savings.isEmpty {
                "<p>Of the bases that nothing is built on, none stands near an older base of its architecture.</p>"
            } else {
                Self.table(of: savings)
            }
        }
    }

    private static func table(of savings: [PossibleSaving]) -> Markup {
        var table = DataTable(
            "Models that could be deltas",
            [
                .text("Stored in full"), .number("Other versions"), .number("Kept"), .text("Nearest base"),
                .number("About to save"),
            ])
        for saving in savings.prefix(20) {
            table.add([
                Parts.link(ConsolePaths.model(saving.model), text: saving.version),
                "\(saving.otherVersions)", Parts.bytes(saving.storedBytes),
                Parts.link(ConsolePaths.model(saving.relativeModel), text: saving.relative),
                "\(ByteFormat.text(saving.savedBytes)) (\(NumberFormat.fixed(100 * (1 - saving.ratio), 0)) %)",
            ])
        }
        return """
            <p>These are stored in full although an older model is near, judged by a few chunks of each. Registered again against
            it, each would be a delta, and what it takes now would go.</p>
            \(table.markup)
            \(savings.first { $0.otherVersions == 0 }.map(way))
            """
    }

    private static func way(of saving: PossibleSaving) -> Markup {
        """
        <details><summary>How, for \(saving.model)</summary>
        \(Parts.command("Take it out", "deltaic pull \(saving.version) --output again && deltaic remove \(saving.model)"))
        \(Parts.command("Put it back", "deltaic register again --name \(saving.model) --base \(saving.relative)"))
        <p class="dim">Its version numbers go on, and tags have to be set again. Of a model with more versions, each has to be taken out first.</p>
        </details>
        """
    }
}
