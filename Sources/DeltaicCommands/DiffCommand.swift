internal import ArgumentParser
internal import DeltaicCore
internal import Registry
internal import RegistryPages

/// `deltaic diff`: how two versions differ.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two versions, tensor by tensor and file by file.",
        discussion: """
            A weight has changed if any of its bits has. The relative change of a tensor is the size of the difference \
            over the size of the left one (Frobenius norms). Stored is what the right one takes in its pack.
            """)

    @Argument(help: ArgumentHelp("The left version.", valueName: "a"))
    var left: String

    @Argument(help: ArgumentHelp("The right version.", valueName: "b"))
    var right: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var plot: PlotOption
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let references = (try VersionReference(left), try VersionReference(right))
        let comparison = try await global.openForReading(threads: threads).compare(references.0, references.1)
        try plot.write { ComparisonPicture(comparison).picture() }
        try output.write(comparison) { comparison.lines(width: $0) }
    }
}
