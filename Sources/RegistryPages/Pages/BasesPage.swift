internal import DeltaicCore
public import Registry

/// What others are deltas of.
public struct BasesPage: Sendable {
    let bases: [ModelListing]
    /// The savings by base: a base counts with what is built on it.
    let groups: [SavingsReport.Group]
    /// The first page is cut here; nil if it has all.
    let next: String?

    public init(bases: [ModelListing], groups: [SavingsReport.Group], next: String?) {
        self.bases = bases
        self.groups = groups
        self.next = next
    }

    public func markup(in layout: PageLayout) -> Markup {
        let sums = Dictionary(groups.map { ($0.name, $0) }) { first, _ in first }
        var table = DataTable(
            "Bases",
            [
                .text("Base"), .number("Kept alone"), .number("Versions on it"), .number("Registered with it"),
                .number("Kept with it"), .number("Ratio"), .text("Newest"),
            ])
        for base in bases {
            let name = base.latest.model
            let sum = sums[name]
            table.add([
                Parts.link(ConsolePaths.model(name), text: name), Parts.bytes(base.storedBytes),
                Parts.link(
                    ConsolePaths.models([("base", name)]),
                    text: NumberFormat.count((sum?.versions ?? base.versionCount) - base.versionCount)),
                Parts.bytes(sum?.rawBytes ?? 0), Parts.bytes(sum?.storedBytes ?? 0),
                Parts.ratio(sum?.rawBytes ?? 0, sum?.storedBytes ?? 0), Parts.date(base.latest.createdAt),
            ])
        }
        let chart = SavingsPicture(.base, groups).picture()
        return layout.page(
            "Bases", at: .bases,
            """
            <h1>Bases</h1>
            <p>Stored once and in full; others are deltas of them.</p>
            \(bases.isEmpty ? "<p>There are none: <code>deltaic base add</code> makes one.</p>" : table.markup)
            \(next.map { Parts.link(ConsolePaths.bases + ConsolePaths.query([("cursor", $0)]), "Next") })
            \(groups.isEmpty ? Markup.none : Parts.figure("Registered and kept", label: chart.label, chart.inPage))
            """)
    }
}
