internal import ArgumentParser
internal import Registry

/// `deltaic init`: makes a registry.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new registry in an empty folder, or in one that does not exist.")

    /// What was made.
    private struct Result: Encodable {
        let path: String
    }

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        try ModelRegistry.create(at: global.path)
        try output.write(Result(path: global.path)) { _ in
            ["made a registry in \(PrintableText.escaped(global.path))"]
        }
    }
}
