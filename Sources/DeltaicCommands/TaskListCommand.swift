internal import ArgumentParser
internal import Registry

/// `deltaic task list`: the tasks.
struct TaskListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tasks, and how many models each has.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let tasks = try global.openForReading().tasks()
        try output.write(tasks) { TaskListing.lines(of: tasks, width: $0) }
    }
}

extension TaskListing {
    fileprivate static func lines(of tasks: [TaskListing], width: Int?) -> [String] {
        guard !tasks.isEmpty else { return ["there are no tasks"] }
        var table = TextTable([.name("task"), .number("models"), .name("description")])
        for task in tasks { table.add([task.name, "\(task.modelCount)", task.description ?? "-"]) }
        return table.lines(width: width)
    }
}
