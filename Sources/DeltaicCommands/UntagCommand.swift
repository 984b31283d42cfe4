internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic untag`: takes a tag away.
struct UntagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "untag", abstract: "Take a tag away; the version stays.")

    /// What was taken away.
    private struct Result: Encodable {
        let model: String
        let tag: String
    }

    @Argument(help: ArgumentHelp("The model or base.", valueName: "name"))
    var name: String

    @Argument(help: ArgumentHelp("The tag.", valueName: "tag"))
    var tag: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let model = try ModelName(name)
        try await global.openForWriting().untag(model, tag)
        try output.write(Result(model: model.description, tag: tag)) { _ in ["\(model) has no tag \(tag) any more"] }
    }
}
