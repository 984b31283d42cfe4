internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic verify`: checks what is stored.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the whole registry, or one version, against its SHA-256s.",
        discussion: """
            Without --data, the structure: that packs are there and whole, that their records, catalog, manifests and journal agree. With it, \
            every byte is decoded and compared too. Problems are listed, and the exit status is then \(ExitStatus.damaged.rawValue); \
            `deltaic repair` and `deltaic rebuild` mend what can be mended. Strays are files of the registry's pack folder that an \
            interrupted command left behind; they are harmless.
            """)

    @Argument(help: ArgumentHelp("The version; the whole registry if it is left out.", valueName: "name[@v|:tag]"))
    var name: String?

    @Flag(help: "Decode every byte, and compare it with its SHA-256.")
    var data = false

    @Option(
        help: ArgumentHelp("Check that the versions are signed with this public key, in PEM.", valueName: "file"),
        completion: .file())
    var key: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let reference = try name.map { try VersionReference($0) }
        let key = try key.map { try KeyFile.read($0) { pem throws(DeltaicError) in try VerifyingKey(pem: pem) } }
        let registry = try global.openForReading(threads: threads)
        var report = try await registry.check(reference, isQuick: !data)
        if let key { report.problems += try await registry.checkSignatures(reference, key: key) }
        // A check that was interrupted takes that for a problem.
        try Task.checkCancellation()
        try output.write(report) { _ in report.lines(isQuick: !data) }
        if !report.problems.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
    }
}

extension CheckReport {
    fileprivate func lines(isQuick: Bool) -> [String] {
        var counts = [NumberFormat.count(objects, "object")]
        if packs > 0 { counts.insert(NumberFormat.count(packs, "pack"), at: 0) }
        if !isQuick { counts.append(ByteFormat.text(checkedBytes)) }
        let verdict = problems.isEmpty ? "no problems" : NumberFormat.count(problems.count, "problem")
        let garbage = garbageBytes > 0 ? ["\(ByteFormat.text(garbageBytes)) of garbage wait for `deltaic gc`"] : []
        let lag =
            journalLag > 0
            ? ["\(NumberFormat.count(journalLag, "change")) not in the journal yet; the next one copies them"] : []
        return problems.map { "problem: " + PrintableText.escaped($0) }
            + strays.map { "stray: " + PrintableText.escaped($0) }
            + garbage + lag + [
                "checked \(isQuick ? "the structure of " : "")\(counts.joined(separator: ", ")): \(verdict)"
            ]
    }
}
