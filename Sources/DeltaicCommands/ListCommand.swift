internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic list`: what is registered.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List models and bases.",
        discussion: "Filters combine; each model is shown with its newest version that they let through.")

    @Option(help: ArgumentHelp("Only fine-tunes of this base.", valueName: "name"))
    var base: String?

    @Option(help: ArgumentHelp("Only versions for this task.", valueName: "task"))
    var task: String?

    @Option(help: ArgumentHelp("Only versions with this tag.", valueName: "tag"))
    var tag: String?

    @Option(help: ArgumentHelp("Only names that start with this and a slash.", valueName: "namespace"))
    var namespace: String?

    @Flag(help: "Only bases.")
    var bases = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let filter = ListFilter(
            base: try base.map { try ModelName($0) }, task: task, tag: tag, isBase: bases ? true : nil,
            namespace: namespace)
        let models = try global.openForReading().list(filter)
        try output.write(models) { ModelListing.lines(of: models, width: $0) }
    }
}
