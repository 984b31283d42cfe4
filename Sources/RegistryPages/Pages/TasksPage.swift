internal import DeltaicCore
public import Registry

/// What fine-tunes are for.
public struct TasksPage: Sendable {
    let tasks: [TaskListing]
    let groups: [SavingsReport.Group]

    public init(tasks: [TaskListing], groups: [SavingsReport.Group]) {
        self.tasks = tasks
        self.groups = groups
    }

    public func markup(in layout: PageLayout) -> Markup {
        let sums = Dictionary(groups.map { ($0.name, $0) }) { first, _ in first }
        var table = DataTable(
            "Tasks",
            [
                .text("Task"), .text("Description"), .number("Models"), .number("Versions"), .number("Registered"),
                .number("Kept"), .number("Ratio"),
            ])
        for task in tasks {
            let sum = sums[task.name]
            table.add([
                Parts.link(ConsolePaths.models([("task", task.name)]), text: task.name), "\(task.description ?? "")",
                "\(NumberFormat.count(task.modelCount))", "\(NumberFormat.count(sum?.versions ?? 0))",
                Parts.bytes(sum?.rawBytes ?? 0), Parts.bytes(sum?.storedBytes ?? 0),
                Parts.ratio(sum?.rawBytes ?? 0, sum?.storedBytes ?? 0),
            ])
        }
        let chart = SavingsPicture(.task, groups).picture()
        return layout.page(
            "Tasks", at: .tasks,
            """
            <h1>Tasks</h1>
            <p>What fine-tunes are for.</p>
            \(tasks.isEmpty ? "<p>There are none: <code>register --task</code> names one.</p>" : table.markup)
            \(groups.isEmpty ? Markup.none : Parts.figure("Registered and kept", label: chart.label, chart.inPage))
            \(action(layout.viewer))
            """)
    }

    private func action(_ viewer: Viewer) -> Markup {
        guard viewer.writesEverything, let key = viewer.formKey else { return .none }
        return Parts.section(
            "Add or describe a task", id: "add",
            """
            <form class="row" method="post" action="\(ConsolePaths.tasks)/set">
            <input type="hidden" name="key" value="\(key)">
            <label>Task <input name="task" required maxlength="96" autocomplete="off"></label>
            <label>Description <input name="description" maxlength="500" size="40" autocomplete="off"></label>
            <button type="submit">Set</button></form>
            """)
    }
}
