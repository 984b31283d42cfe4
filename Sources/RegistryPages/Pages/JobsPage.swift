internal import DeltaicCore
public import Registry

/// What the server is doing, and what it has still to do.
public struct JobsPage: Sendable {
    /// An import that a client asked for.
    public struct Import: Sendable {
        let name: String
        let from: String
        let state: String
        let done: Int
        let all: Int
        let result: String

        public init(name: String, from: String, state: String, done: Int, all: Int, result: String) {
            self.name = name
            self.from = from
            self.state = state
            self.done = done
            self.all = all
            self.result = result
        }
    }

    /// What is under way, in words.
    let running: [String]
    let pending: [PendingListing]
    let imports: [Import]
    /// Servers that may be imported from, where the viewer may import.
    let sources: [String]

    public init(running: [String], pending: [PendingListing], imports: [Import], sources: [String]) {
        self.running = running
        self.pending = pending
        self.imports = imports
        self.sources = sources
    }

    public func markup(in layout: PageLayout) -> Markup {
        layout.page(
            "Jobs", at: .jobs,
            """
            <h1>Jobs</h1>
            \(Parts.section("Running", id: "running", runningList))
            \(Parts.section("To be compressed", id: "pending", "\(pendingTable)\(retry(layout.viewer))"))
            \(Parts.section("Imports", id: "imports", "\(importTable)\(importForm(layout.viewer))"))
            """)
    }

    private var runningList: Markup {
        guard !running.isEmpty else { return "<p>Nothing is running.</p>" }
        let items = running.map { job in "<li>\(job)</li>" as Markup }
        return "<ul>\(items)</ul>"
    }

    private func progress(_ done: Int, _ all: Int, of what: String) -> Markup {
        guard all > 0 else { return .none }
        return """
             <progress max="\(all)" value="\(min(done, all))" aria-label="\(what)"></progress> \
            \(ByteFormat.text(done)) of \(ByteFormat.text(all))
            """
    }

    private var pendingTable: Markup {
        guard !pending.isEmpty else { return "<p>All that was pushed is compressed.</p>" }
        var table = DataTable(
            "Versions to be compressed",
            [.text("Version"), .number("Size"), .number("Attempts"), .text("What went wrong")])
        for version in pending {
            table.add([
                Parts.link(ConsolePaths.version(version.model, version.number), text: version.version),
                Parts.bytes(version.rawBytes), "\(version.attempts)", "\(version.problem ?? "nothing yet")",
            ])
        }
        return table.markup
    }

    private func retry(_ viewer: Viewer) -> Markup {
        guard !pending.isEmpty, viewer.writesEverything, let key = viewer.formKey else { return .none }
        return """
            <form class="row" method="post" action="\(ConsolePaths.jobs)/compress">
            <input type="hidden" name="key" value="\(key)">
            <button type="submit">Try all of them now</button></form>
            """
    }

    private var importTable: Markup {
        guard !imports.isEmpty else { return "<p>None since the server was started.</p>" }
        var table = DataTable("Imports", [.text("Model"), .text("From"), .text("State"), .text("Result")])
        for job in imports {
            table.add([
                "\(job.name)", "\(job.from)", "\(job.state)\(progress(job.done, job.all, of: job.name))",
                "\(job.result)",
            ])
        }
        return table.markup
    }

    private func importForm(_ viewer: Viewer) -> Markup {
        guard !sources.isEmpty, let key = viewer.formKey else { return .none }
        let options = sources.map { "<option>\($0)</option>" as Markup }
        return """
            <h3>Import a model</h3>
            <form class="row" method="post" action="\(ConsolePaths.jobs)/import">
            <input type="hidden" name="key" value="\(key)">
            <label>Model there <input name="model" required autocomplete="off"></label>
            <label>From <select name="from">\(options)</select></label>
            <label>Name here, if another <input name="name" autocomplete="off"></label>
            <label>Base here, if it is a fine-tune <input name="base" autocomplete="off"></label>
            <button type="submit">Import</button></form>
            """
    }
}
