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

    @Option(help: ArgumentHelp("Only names with this in them, in any letter case.", valueName: "text"))
    var search: String?

    /// What models are ordered by.
    enum Order: String, CaseIterable, ExpressibleByArgument {
        case name, registered, stored, score, created
    }

    @Option(help: "The order: names from a, all else from the largest or newest; models without a score come last.")
    var sort: Order = .name

    @Option(help: ArgumentHelp("At most so many models, the first ones in the order.", valueName: "count"))
    var limit: Int?

    @Flag(help: "Only bases.")
    var bases = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let filter = ListFilter(
            base: try base.map { try ModelName($0) }, task: task, tag: tag, isBase: bases ? true : nil,
            namespace: namespace, search: search)
        let models = try models(global.openForReading(), filter)
        try output.write(models) { ModelListing.lines(of: models, width: $0) }
    }

    private func models(_ registry: ModelRegistry, _ filter: ListFilter) throws -> [ModelListing] {
        var filter = filter
        if let order = sort.order {
            filter.order = order
            filter.limit = limit
            return try registry.list(filter)
        }
        let byScore = try registry.list(filter).sorted { $0.latest.score ?? -.infinity > $1.latest.score ?? -.infinity }
        return Array(byScore.prefix(limit ?? byScore.count))
    }
}

extension ListCommand.Order {
    /// The order of the catalog; nil for one that the catalog does not have.
    fileprivate var order: ListOrder? {
        switch self {
        case .name: ListOrder(.name)
        case .registered: ListOrder(.registered, descending: true)
        case .stored: ListOrder(.stored, descending: true)
        case .created: ListOrder(.created, descending: true)
        case .score: nil
        }
    }
}
