internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic rebuild`: the catalog, anew from the packs.
struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make the catalog anew from the packs and their journal.",
        discussion: """
            For a catalog that is lost or damaged: models, versions, tags, branches, tasks, scores, signatures and tokens come back. The \
            old catalog is kept under another name. Stop the server first. Without the journal (packs/journal.log), versions \
            that were removed and whose packs are still there come back too, and tags are those of registration. Packs that may tell of \
            a version which the journal does not name go to quarantine/, and the exit status is then \(ExitStatus.damaged.rawValue).
            """)

    @Flag(name: .customLong("dry-run"), help: "Only say what the new catalog would have.")
    var dryRun = false

    @Flag(
        name: .customLong("allow-loss"),
        help: "Leave out versions whose packs are gone or damaged; what is left of them goes to quarantine/.")
    var allowLoss = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let report = try await ModelRegistry.rebuild(
            path: global.path, isDryRun: dryRun, allowsLoss: allowLoss, progress: ProgressLine.onTerminal())
        try output.write(report) { _ in report.lines }
        if !report.lost.isEmpty || !report.unclear.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
    }
}

extension RebuildReport {
    fileprivate var lines: [String] {
        var lines = problems.map { "problem: " + PrintableText.escaped($0) }
        lines += lost.sorted { $0.key < $1.key }.map { "lost: \($0.key): " + PrintableText.escaped($0.value) }
        if hasJournal {
            lines += unnamed.map { "registered after the journal's end: " + $0 }
        }
        lines += unclear.values.sorted().map { "put aside: " + PrintableText.escaped($0) }
        if !unclear.isEmpty {
            lines.append("it is in quarantine/; rebuild a copy of all packs without the journal to see what it is")
        }
        if !hasJournal {
            lines.append(
                "the journal is missing or damaged: removed versions may be back, and tags be those of registration")
        }
        if unneededPacks > 0 {
            lines.append("\(NumberFormat.count(unneededPacks, "pack")) that no version needs are garbage")
        }
        if let previousCatalog {
            lines.append("the catalog of before is now " + PrintableText.escaped(previousCatalog))
        }
        return lines + [
            "\(isDryRun ? "would restore" : "restored") \(NumberFormat.count(versions, "version")) of "
                + "\(NumberFormat.count(models, "model")), \(NumberFormat.count(tags, "tag")), from "
                + "\(NumberFormat.count(packs, "pack")) with \(NumberFormat.count(objects, "object"))"
        ]
    }
}
