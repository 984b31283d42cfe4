internal import ArgumentParser
internal import Registry

/// `deltaic task add`: adds a task.
struct TaskAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a task, or give one another description.",
        discussion: "`deltaic register --task` adds a task that does not exist, without a description.")

    /// What was added.
    private struct Result: Encodable {
        let name: String
        let description: String?
    }

    @Argument(help: ArgumentHelp("The task.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("A sentence about it.", valueName: "text"))
    var description: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        try await global.openForWriting().addTask(name, description: description)
        try output.write(Result(name: name, description: description)) { _ in ["added task \(name)"] }
    }
}
