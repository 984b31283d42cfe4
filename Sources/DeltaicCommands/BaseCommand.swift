internal import ArgumentParser

/// `deltaic base`: the models that others are deltas of.
struct BaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "base", abstract: "Add and list bases: models stored in full, that others are deltas of.",
        subcommands: [BaseAddCommand.self, BaseListCommand.self])
}
