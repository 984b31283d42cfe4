internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic tag`: names a version.
struct TagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Give a version a tag, moving the tag if the model has it already.")

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v]"))
    var name: String

    @Argument(help: ArgumentHelp("The tag.", valueName: "tag"))
    var tag: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let reference = try VersionReference(name)
        let version = try await global.openForWriting().tag(reference, as: tag)
        try output.write(version) { _ in ["\(version.model):\(tag) is \(version.reference)"] }
    }
}
