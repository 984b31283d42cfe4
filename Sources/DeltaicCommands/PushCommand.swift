internal import ArgumentParser
internal import DeltaicCore
internal import Registry
internal import RegistryClient

/// `deltaic push`: sends a version to another registry.
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send a version to another registry: only what is not there moves.",
        discussion: """
            The versions before it and the bases that are missing there go first. A lossy version stays the same bytes under the same \
            commit id. A push that was cut off goes on where it was when it is run again. If the other registry has another \
            version of that number, nothing is changed (status 4).
            """)

    @Argument(help: ArgumentHelp("The registry to send it to; see `remote add`.", valueName: "remote"))
    var remote: String

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Flag(help: "Let its tags name it there too where they name another version.")
    var tags = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let reference = try VersionReference(name)
        let registry = try global.openForWriting(threads: threads)
        let report = try await registry.connected(to: remote) {
            try await PushVersion(from: registry, to: $0, progress: ProgressLine.onTerminal())
                .run(reference, movesTags: tags)
        }
        report.writeNotes()
        try output.write(report) { _ in report.lines(verb: "pushed", place: "there") }
    }
}
