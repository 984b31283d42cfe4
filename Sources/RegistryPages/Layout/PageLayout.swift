/// What all pages of the console have around their content.
public struct PageLayout: Sendable {
    /// The places that the head of every page leads to.
    enum Place: CaseIterable {
        case overview, models, bases, tasks, packs, garbage, jobs

        var title: String {
            switch self {
            case .overview: "Overview"
            case .models: "Models"
            case .bases: "Bases"
            case .tasks: "Tasks"
            case .packs: "Packs"
            case .garbage: "Garbage"
            case .jobs: "Jobs"
            }
        }

        var path: String {
            switch self {
            case .overview: ConsolePaths.overview
            case .models: ConsolePaths.models
            case .bases: ConsolePaths.bases
            case .tasks: ConsolePaths.tasks
            case .packs: ConsolePaths.packs
            case .garbage: ConsolePaths.garbage
            case .jobs: ConsolePaths.jobs
            }
        }

        /// Whether it sums over all models.
        var isOfEverything: Bool { ![.overview, .models, .jobs].contains(self) }
    }

    public let viewer: Viewer
    /// What an action that was just done says of itself; nil if there was none.
    public let notice: ConsoleNotice?

    public init(viewer: Viewer, notice: ConsoleNotice? = nil) {
        self.viewer = viewer
        self.notice = notice
    }

    /// A whole document.
    ///
    /// - Parameters:
    ///   - place: where among the places the page is; nil if it is none of them.
    func page(_ title: String, at place: Place? = nil, _ content: Markup) -> Markup {
        let places = Place.allCases.filter { viewer.seesEverything || !$0.isOfEverything }.map { item in
            item == place
                ? "<li><a href=\"\(item.path)\" aria-current=\"page\">\(item.title)</a></li>"
                : "<li><a href=\"\(item.path)\">\(item.title)</a></li>" as Markup
        }
        let head: Markup = """
            <link rel="stylesheet" href="\(ConsolePaths.style)?\(PageAssets.version)">
            <script src="\(ConsolePaths.script)?\(PageAssets.version)" defer></script>
            """
        return PageDocument(
            title: title, head: head,
            body: """
                <a class="skip" href="#content">Skip to the content</a>
                <header>
                <p class="brand"><a href="\(ConsolePaths.overview)">Deltaic</a></p>
                <nav aria-label="Console"><ul>
                \(places)</ul></nav>
                \(session)
                </header>
                <main id="content" tabindex="-1">
                \(notice.map { "<p class=\"notice\" role=\"status\">\($0.text)</p>" as Markup })
                \(content)
                </main>
                """
        ).markup
    }

    private var session: Markup {
        guard let token = viewer.token, let key = viewer.formKey else {
            return "<p class=\"session\"><a href=\"\(ConsolePaths.signIn)\">Sign in</a></p>"
        }
        return """
            <form class="session" method="post" action="\(ConsolePaths.signOut)">
            <span title="\(viewer.scope ?? "")">\(token)</span>
            <input type="hidden" name="key" value="\(key)">
            <button type="submit">Sign out</button>
            </form>
            """
    }
}
