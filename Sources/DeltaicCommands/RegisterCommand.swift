internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic register`: registers a fine-tune.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Register a fine-tune as a delta of its base, lossless unless a codec is named.",
        discussion: """
            A name that exists gets a new version. What is pulled later has the same SHA-256, file by file. \
            Registering files that the model has already stores nothing.

            With --codec, --recipe, or a goal (--ratio, --bits, --quality, --max-error) weights are stored lossily; what \
            that costs is shown, and the SHA-256 of what will be pulled is known from then on.
            """)

    @OptionGroup var registration: RegistrationOptions

    @Option(help: ArgumentHelp("The base that it is a fine-tune of.", valueName: "name[@v|:tag]"))
    var base: String

    @Option(help: ArgumentHelp("What the fine-tune is for.", valueName: "task"))
    var task: String?

    @OptionGroup(title: "Lossy") var lossy: LossyOptions

    @Flag(help: "Only show what a lossy registration would store and cost.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        var request = try registration.registration(base: try VersionReference(base), task: task)
        request.lossy = try lossy.request()
        if dryRun {
            guard request.lossy != nil else {
                throw ValidationError("--dry-run is for lossy codecs: name one with --codec")
            }
            let preview = try await global.openForReading(threads: threads).preview(registration.path, as: request)
            preview.report.writeWarnings()
            try output.write(preview) { preview.report.lines(width: $0) }
            return
        }
        let result = try await global.openForWriting(threads: threads).register(registration.path, as: request)
        result.writeNotes()
        result.lossy?.writeWarnings()
        try output.write(result) { width in
            result.lines + (result.lossy.map { [""] + $0.summaryLines(width: width) } ?? [])
        }
    }
}
