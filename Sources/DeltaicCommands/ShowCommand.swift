internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic show`: one version in detail.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a version: its files and tensors, their codecs and sizes.")

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Flag(help: "Show every tensor, not only how many there are of each codec.")
    var tensors = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let details = try global.openForReading().describe(try VersionReference(name))
        try output.write(details) { details.lines(showsTensors: tensors, width: $0) }
    }
}
