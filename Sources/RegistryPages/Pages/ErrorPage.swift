/// What went wrong, for people.
public struct ErrorPage: Sendable {
    let title: String
    let message: String

    public init(title: String, message: String) {
        self.title = title
        self.message = message
    }

    public func markup(in layout: PageLayout) -> Markup {
        layout.page(
            title,
            """
            <h1>\(title)</h1>
            <p>\(message)</p>
            <p><a href="\(ConsolePaths.overview)">Overview</a></p>
            """)
    }
}
