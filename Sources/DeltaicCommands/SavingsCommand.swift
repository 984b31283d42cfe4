internal import ArgumentParser
internal import DeltaicCore
internal import Registry
internal import RegistryPages

/// `deltaic savings`: what deltas save.
struct SavingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "savings", abstract: "Say what was registered, what is stored, and what that saves.",
        discussion: """
            Registered is the size of the files as they were; stored is the size of the packs on disk, with everything \
            in them. The ratio is registered over stored.
            """)

    /// The words that `--by` takes.
    enum Grouping: String, CaseIterable, ExpressibleByArgument {
        case base, task, codec, model

        var kind: SavingsReport.Grouping {
            switch self {
            case .base: .base
            case .task: .task
            case .codec: .codec
            case .model: .model
            }
        }
    }

    @Option(name: .customLong("by"), help: "How versions are grouped.")
    var grouping: Grouping = .model

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plot: PlotOption
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let registry = try global.openForReading()
        let report = try registry.savings(by: grouping.kind)
        try plot.write {
            SavingsPicture.whole(
                growth: try registry.growth(),
                groups: try SavingsReport.Grouping.pictured(with: grouping.kind).map {
                    ($0, try registry.savingsGroups(by: $0))
                })
        }
        try output.write(report) { report.lines(width: $0) }
    }
}

extension SavingsReport.Grouping {
    /// What a picture shows: what was asked for, and what else tells of the whole.
    fileprivate static func pictured(with grouping: Self) -> [Self] {
        let whole: [Self] = [.base, .task, .codec]
        return whole.contains(grouping) ? whole : [grouping] + whole
    }
}

extension SavingsReport {
    fileprivate func lines(width: Int?) -> [String] {
        var table = TextTable([
            .name(grouping.rawValue), .number("versions"), .number("registered"), .number("stored"), .number("saved"),
            .number("ratio"),
        ])
        for group in groups {
            table.add(
                Self.row(group.name, versions: group.versions, raw: group.rawBytes, stored: group.storedBytes))
        }
        table.addTotal(Self.row("total", versions: versions, raw: rawBytes, stored: storedBytes))
        let retained =
            retainedBytes > 0
            ? "the total has \(ByteFormat.text(retainedBytes)) of uploads and of removed versions that others still need"
            : "nothing is retained of removed versions"
        let pending =
            pendingVersions > 0
            ? ["\(pendingVersions) pushed versions are stored as they were sent, and yet to be compressed"] : []
        let garbage =
            garbageBytes > 0
            ? ["the total has \(ByteFormat.text(garbageBytes)) of garbage, which `deltaic gc` deletes"] : []
        return table.lines(width: width) + [""] + pending + garbage + [
            "\(retained); the catalog takes \(ByteFormat.text(catalogBytes)) more"
        ]
    }

    private static func row(_ name: String, versions: Int, raw: Int, stored: Int) -> [String] {
        [
            name, "\(versions)", ByteFormat.text(raw), ByteFormat.text(stored), ByteFormat.text(raw - stored),
            NumberFormat.ratio(raw, to: stored),
        ]
    }
}
