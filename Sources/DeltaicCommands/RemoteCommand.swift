internal import ArgumentParser

/// `deltaic remote`: the registries that this one exchanges versions with.
struct RemoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remote", abstract: "Add, list and remove registries to push to and pull from.",
        subcommands: [RemoteAddCommand.self, RemoteListCommand.self, RemoteRemoveCommand.self])
}
