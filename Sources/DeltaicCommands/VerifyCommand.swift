internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic verify`: checks what is stored.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the whole registry, or one version, against its SHA-256s.",
        discussion: """
            Problems are listed, and the exit status is then \(ExitStatus.damaged.rawValue). Strays are files of the registry's pack folder that \
            an interrupted command left behind; they are harmless.
            """)

    @Argument(help: ArgumentHelp("The version; the whole registry if it is left out.", valueName: "name[@v|:tag]"))
    var name: String?

    @Flag(help: "Check only the structure: that packs are there, whole, and agree with the catalog.")
    var quick = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let reference = try name.map { try VersionReference($0) }
        let report = try await global.openForReading(threads: threads).check(reference, isQuick: quick)
        // A check that was interrupted takes that for a problem.
        try Task.checkCancellation()
        try output.write(report) { _ in report.lines(isQuick: quick) }
        if !report.problems.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
    }
}

extension CheckReport {
    fileprivate func lines(isQuick: Bool) -> [String] {
        var counts = [NumberFormat.count(objects, "object")]
        if packs > 0 { counts.insert(NumberFormat.count(packs, "pack"), at: 0) }
        if !isQuick { counts.append(ByteFormat.text(checkedBytes)) }
        let verdict = problems.isEmpty ? "no problems" : NumberFormat.count(problems.count, "problem")
        return problems.map { "problem: " + PrintableText.escaped($0) }
            + strays.map { "stray: " + PrintableText.escaped($0) }
            + ["checked \(isQuick ? "the structure of " : "")\(counts.joined(separator: ", ")): \(verdict)"]
    }
}
