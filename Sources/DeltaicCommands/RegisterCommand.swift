internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic register`: registers a fine-tune.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Register a fine-tune as a lossless delta of its base.",
        discussion: """
            A name that exists gets a new version. What is pulled later has the same SHA-256, file by file. \
            Registering files that the model has already stores nothing.
            """)

    @OptionGroup var registration: RegistrationOptions

    @Option(help: ArgumentHelp("The base that it is a fine-tune of.", valueName: "name[@v|:tag]"))
    var base: String

    @Option(help: ArgumentHelp("What the fine-tune is for.", valueName: "task"))
    var task: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let request = try registration.registration(base: try VersionReference(base), task: task)
        let result = try await global.openForWriting(threads: threads).register(registration.path, as: request)
        result.writeNotes()
        try output.write(result) { _ in result.lines }
    }
}
