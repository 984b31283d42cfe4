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

    /// What models are ordered by.
    enum Order: String, CaseIterable, ExpressibleByArgument {
        case name, registered, stored, score, created
    }

    @Option(help: "The order: names from a, all else from the largest or newest; models without a score come last.")
    var sort: Order = .name

    @Flag(help: "Only bases.")
    var bases = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let filter = ListFilter(
            base: try base.map { try ModelName($0) }, task: task, tag: tag, isBase: bases ? true : nil,
            namespace: namespace)
        let models = try sorted(global.openForReading().list(filter))
        try output.write(models) { ModelListing.lines(of: models, width: $0) }
    }

    private func sorted(_ models: [ModelListing]) -> [ModelListing] {
        switch sort {
        case .name: models
        case .registered: models.sorted { $0.rawBytes > $1.rawBytes }
        case .stored: models.sorted { $0.storedBytes > $1.storedBytes }
        case .score: models.sorted { $0.latest.score ?? -.infinity > $1.latest.score ?? -.infinity }
        case .created: models.sorted { $0.latest.createdAt > $1.latest.createdAt }
        }
    }
}
