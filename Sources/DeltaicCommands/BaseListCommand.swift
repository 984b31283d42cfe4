internal import ArgumentParser
internal import Registry

/// `deltaic base list`: the bases.
struct BaseListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the bases; the same as `deltaic list --bases`.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let bases = try global.openForReading().list(ListFilter(isBase: true))
        try output.write(bases) { ModelListing.lines(of: bases, width: $0) }
    }
}
