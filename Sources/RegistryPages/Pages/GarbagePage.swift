internal import DeltaicCore
internal import Foundation
public import Registry

/// What nothing needs any more, and when it goes.
public struct GarbagePage: Sendable {
    let garbage: [GarbageReport.Pack]
    let report: SavingsReport
    /// What a collection that just ended has deleted and left, in bytes; nil if there was none.
    let collected: (freed: Int, left: Int)?

    public init(garbage: [GarbageReport.Pack], report: SavingsReport, collected: (freed: Int, left: Int)?) {
        self.garbage = garbage
        self.report = report
        self.collected = collected
    }

    private static let limit = 1000

    public func markup(in layout: PageLayout) -> Markup {
        var table = DataTable(
            "Garbage", [.text("Pack"), .number("Size"), .text("Why"), .text("Since"), .text("Goes after")])
        for pack in garbage.prefix(Self.limit) {
            table.add([
                "<span class=\"mono\">\(pack.id.short)</span>", Parts.bytes(pack.bytes), "\(Self.reason(pack.reason))",
                Parts.date(pack.since),
                pack.reason == "replaced" ? "now" : Parts.date(pack.since + GarbageCollection.standardGrace),
            ])
        }
        return layout.page(
            "Garbage", at: .garbage,
            """
            <h1>Garbage</h1>
            \(collected.map(Self.outcome))
            <div class="tiles">
            \(Parts.tile("To be deleted", Parts.bytes(report.garbageBytes), "\(NumberFormat.count(garbage.count, "pack"))"))
            \(Parts.tile("Retained", Parts.bytes(report.retainedBytes), "of removed versions and uploads, needed still"))
            </div>
            <p>A server deletes once an hour what has been garbage for a day and no reader may still know.</p>
            \(garbage.isEmpty ? "<p>There is none.</p>" : table.markup)
            \(action(layout.viewer))
            """)
    }

    private static func outcome(_ collected: (freed: Int, left: Int)) -> Markup {
        """
        <p class="notice" role="status">\(ByteFormat.text(collected.freed)) deleted; \(ByteFormat.text(collected.left)) wait until \
        their day is over, or until nobody reads them.</p>
        """
    }

    private static func reason(_ word: String) -> String {
        switch word {
        case "removed": "its version was removed"
        case "replaced": "a compressed copy took its place"
        case "stray": "left behind by an interrupted command"
        default: word
        }
    }

    private func action(_ viewer: Viewer) -> Markup {
        guard viewer.administers, let key = viewer.formKey else {
            return "<p class=\"dim\">Collecting it now takes a token of scope admin, for all namespaces.</p>"
        }
        return """
            <form class="row" method="post" action="\(ConsolePaths.garbage)/collect">
            <input type="hidden" name="key" value="\(key)">
            <button type="submit">Collect what is due now</button></form>
            """
    }
}
