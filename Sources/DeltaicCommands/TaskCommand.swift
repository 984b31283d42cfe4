internal import ArgumentParser

/// `deltaic task`: what fine-tunes are for.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Add and list tasks: what fine-tunes are for.",
        subcommands: [TaskAddCommand.self, TaskListCommand.self])
}
