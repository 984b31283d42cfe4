internal import ArgumentParser
internal import Registry

/// `deltaic remote remove`: forgets another registry.
struct RemoteRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a remote registry and its token; what came from it stays.")

    @Argument(help: ArgumentHelp("The name of the remote.", valueName: "name"))
    var name: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    private struct Removed: Encodable {
        let name: String
    }

    func run() async throws {
        try await global.openForWriting().removeRemote(name)
        try output.write(Removed(name: name)) { _ in ["removed remote \(name)"] }
    }
}
