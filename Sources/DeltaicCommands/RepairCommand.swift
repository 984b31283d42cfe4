internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic repair`: damaged packs, made whole.
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Make damaged packs whole, from their own records and other copies.",
        discussion: """
            Reads every pack. What is damaged is looked for in other packs, and in the folders that --from names: another registry that \
            has the same models, or a folder with a model's original files. Nothing that can be read is given up: what cannot be repaired \
            stays as it is, and the versions that need it are named; the exit status is then \(ExitStatus.damaged.rawValue).
            """)

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "A registry or a folder of model files to take copies from; may be repeated.", valueName: "dir"),
        completion: .directory)
    var sources: [String] = []

    @Flag(name: .customLong("dry-run"), help: "Only say what is damaged and could be repaired.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let report = try await global.openForWriting(threads: threads).repair(from: sources, isDryRun: dryRun)
        try output.write(report) { _ in report.lines }
        if !report.isWhole { throw ExitCode(ExitStatus.damaged.rawValue) }
    }
}

extension RepairReport {
    fileprivate var lines: [String] {
        var lines: [String] = []
        for pack in packs {
            let found =
                pack.restored.isEmpty
                ? "from its own records" : "with \(NumberFormat.count(pack.restored.count, "object")) from elsewhere"
            if let replacement = pack.replacement {
                let name = replacement == pack.id ? "the same pack" : "pack \(replacement.short)"
                lines.append("pack \(pack.id.short): \(isDryRun ? "can be made" : "made") whole \(found), as \(name)")
            }
            if let problem = pack.problem {
                lines.append("pack \(pack.id.short): not repaired: " + PrintableText.escaped(problem))
            }
            if !pack.lost.isEmpty {
                lines.append(
                    "pack \(pack.id.short): no copy of \(NumberFormat.count(pack.lost.count, "object")) was found")
            }
            if let quarantined = pack.quarantined {
                lines.append("  the damaged file is kept as " + PrintableText.escaped(quarantined))
            }
        }
        if rewroteJournal {
            lines.append(
                "the journal \(isDryRun ? "is damaged" : "was damaged, and was written anew from the catalog")")
        }
        lines += unreadable.map { "unreadable: \($0)" }
        return lines + [
            "checked \(NumberFormat.count(checkedPacks, "pack")): \(NumberFormat.count(packs.count, "damaged pack"))"
        ]
    }
}
