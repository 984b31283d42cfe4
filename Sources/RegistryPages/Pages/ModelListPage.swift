internal import DeltaicCore
public import Registry

/// Models, searched, filtered and sorted.
public struct ModelListPage: Sendable {
    /// What was asked for.
    public struct Question: Sendable {
        public let search: String?
        public let base: String?
        public let task: String?
        /// `name`, `created`, `registered` or `stored`.
        public let sort: String

        public init(search: String?, base: String?, task: String?, sort: String) {
            self.search = search
            self.base = base
            self.task = task
            self.sort = sort
        }

        /// The same question, from a place in the list on.
        func path(cursor: String? = nil) -> String {
            ConsolePaths.models([
                ("search", search), ("base", base), ("task", task), ("sort", sort == "name" ? nil : sort),
                ("cursor", cursor),
            ])
        }
    }

    let question: Question
    let models: [ModelListing]
    /// Where the next page begins; nil on the last.
    let next: String?
    let isFirst: Bool

    public init(question: Question, models: [ModelListing], next: String?, isFirst: Bool) {
        self.question = question
        self.models = models
        self.next = next
        self.isFirst = isFirst
    }

    public func markup(in layout: PageLayout) -> Markup {
        let orders = [
            ("name", "name"), ("created", "newest"), ("stored", "most kept"), ("registered", "most registered"),
        ].map { value, title in
            value == question.sort
                ? "<option value=\"\(value)\" selected>\(title)</option>"
                : "<option value=\"\(value)\">\(title)</option>" as Markup
        }
        let links = [
            isFirst ? nil : Parts.link(question.path(), "To the first"),
            next.map { Parts.link(question.path(cursor: $0), "Next") },
        ].compactMap(\.self)
        return layout.page(
            "Models", at: .models,
            """
            <h1>Models</h1>
            <form class="row" method="get" action="\(ConsolePaths.models)" role="search">
            <label>Name has <input name="search" value="\(question.search ?? "")" autocomplete="off"></label>
            <label>Base <input name="base" value="\(question.base ?? "")" autocomplete="off"></label>
            <label>Task <input name="task" value="\(question.task ?? "")" autocomplete="off"></label>
            <label>Order <select name="sort">\(orders)</select></label>
            <button type="submit" class="main">Show</button>
            </form>
            \(ModelTable(models, label: "Models").markup)
            <p><a href="\(ConsolePaths.compare)">Compare two versions</a>, of one model or of two.</p>
            \(links.isEmpty ? Markup.none : "<nav class=\"pages\" aria-label=\"Pages\">\(links)</nav>")
            """)
    }
}
