internal import DeltaicCore
public import Registry

/// The packs on disk, the largest first.
public struct PackListPage: Sendable {
    let packs: [PackListing]
    /// The number of the first on the page.
    let offset: Int
    /// Where the next page begins; nil on the last.
    let next: Int?
    let report: SavingsReport

    public init(packs: [PackListing], offset: Int, next: Int?, report: SavingsReport) {
        self.packs = packs
        self.offset = offset
        self.next = next
        self.report = report
    }

    public func markup(in layout: PageLayout) -> Markup {
        var table = DataTable(
            "Packs", [.text("Pack"), .number("Size"), .number("Objects"), .text("Of"), .text("Written")])
        for pack in packs {
            table.add([
                Parts.link(ConsolePaths.pack(pack.id.hex), "<span class=\"mono\">\(pack.id.short)</span>"),
                Parts.bytes(pack.bytes), "\(NumberFormat.count(pack.objectCount))",
                pack.version.map { Parts.link(ConsolePaths.version(reference: $0), text: $0) }
                    ?? (pack.isUpload ? "a file as it was sent" : "no version; others may need it"),
                Parts.date(pack.createdAt),
            ])
        }
        let links = [
            offset > 0 ? Parts.link(ConsolePaths.packs, "To the first") : nil,
            next.map { Parts.link(ConsolePaths.packs + ConsolePaths.query([("offset", "\($0)")]), "Next") },
        ].compactMap(\.self)
        return layout.page(
            "Packs", at: .packs,
            """
            <h1>Packs</h1>
            \(Parts.facts([
                ("All packs", Parts.bytes(report.storedBytes)), ("Retained for others", Parts.bytes(report.retainedBytes)),
                ("Garbage", Parts.link(ConsolePaths.garbage, text: ByteFormat.text(report.garbageBytes))),
                ("The catalog, beside them", Parts.bytes(report.catalogBytes)),
            ]))
            \(table.markup)
            \(links.isEmpty ? Markup.none : "<nav class=\"pages\" aria-label=\"Pages\">\(links)</nav>")
            """)
    }
}
