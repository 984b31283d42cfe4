internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Registry
internal import RegistryClient

/// `deltaic import`: registers a model of a Hub.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Download a model from a Hugging Face Hub, or what speaks its protocol, and register it.",
        discussion: """
            With --base it is registered as a fine-tune of that base, without it is added as a base. Every file is checked against \
            the server's listing; a download that was cut off goes on where it was when it is run again. Pickles are left out. \
            Address, model and commit are kept in the version's metadata; the same commit again downloads nothing.
            """)

    @Argument(help: ArgumentHelp("The model there.", valueName: "[namespace/]name"))
    var model: String

    @Option(help: ArgumentHelp("The server's address.", valueName: "url"))
    var from: String

    @Option(help: ArgumentHelp("A remote whose server is to do it, for itself.", valueName: "remote"))
    var on: String?

    @Option(help: ArgumentHelp("A branch, a tag or a commit id there.", valueName: "revision"))
    var revision = "main"

    @Option(help: ArgumentHelp("The base that it is a fine-tune of.", valueName: "name[@v|:tag]"))
    var base: String?

    @Option(help: ArgumentHelp("What to call it here (default: as there).", valueName: "[namespace/]name"))
    var name: String?

    @Option(help: ArgumentHelp("What the fine-tune is for.", valueName: "task"))
    var task: String?

    @Option(help: ArgumentHelp("An environment variable with a token for the server.", valueName: "variable"))
    var tokenEnv: String?

    @Option(
        help: ArgumentHelp("Certificates (PEM) to trust beside those of the system.", valueName: "file"),
        completion: .file())
    var caFile: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        if on != nil, tokenEnv != nil || caFile != nil {
            throw ValidationError("with --on, the server has its own tokens and certificates for the other one")
        }
        if revision.isEmpty { throw ValidationError("--revision needs the name of a revision") }
    }

    func run() async throws {
        let source = try Remote(url: from, tokenVariable: tokenEnv)
        let request = HubImport(
            model: try ModelName(model), url: source.url, revision: revision,
            token: try source.resolvedToken(ProcessInfo.processInfo.environment), caFile: caFile,
            name: try name.map { try ModelName($0) }, base: try base.map { try VersionReference($0) }, task: task)
        if let on {
            let registry = try global.openForReading()
            let job = try await registry.connected(to: on) { remote in
                try await remote.importModel(request, progress: ProgressLine.onTerminal())
            }
            return try output.write(job) { _ in
                [
                    "\(on) imported \(job.model) as \(job.version ?? job.name): "
                        + "\(ByteFormat.text(job.downloadedBytes ?? 0)) were downloaded there"
                ]
            }
        }
        let result = try await global.openForWriting(threads: threads).importModel(
            request, progress: ProgressLine.onTerminal())
        result.writeNotes(hasBase: base != nil)
        try output.write(result) { _ in result.lines }
    }
}

extension HubImportResult {
    fileprivate var lines: [String] {
        guard let registration else {
            return ["\(version.reference) is commit \(commit.short) of \(source) already: nothing was downloaded"]
        }
        return [
            "downloaded \(NumberFormat.count(fileCount, "file")) of commit \(commit.short): \(ByteFormat.text(downloadedBytes))"
        ] + registration.lines
    }

    fileprivate func writeNotes(hasBase: Bool) {
        guard let registration else { return }
        registration.writeNotes()
        if !leftOut.isEmpty {
            StandardStreams.writeNote("note: left out, as pickles: " + NumberFormat.list(leftOut))
        }
        if !hasBase {
            StandardStreams.writeNote(
                "note: without --base it is a base itself, stored in full; fine-tunes can be registered against it")
        }
    }
}
