/// Where a token is given for a session.
public struct SignInPage: Sendable {
    /// Where to go then: a path of the console.
    let next: String
    /// What was wrong with what was sent; nil if nothing was.
    let problem: String?
    /// Whether it may be read without one.
    let isOpen: Bool

    public init(next: String, problem: String? = nil, isOpen: Bool) {
        self.next = next
        self.problem = problem
        self.isOpen = isOpen
    }

    public func markup(in layout: PageLayout) -> Markup {
        layout.page(
            "Sign in",
            """
            <h1>Sign in</h1>
            \(problem.map { "<p class=\"warning\" role=\"alert\">\($0)</p>" as Markup })
            <p>\(isOpen ? "Anybody may look; changes take a token." : "This registry is read with an access token.") \
            Whoever runs it makes them with <code>deltaic token add</code>.</p>
            <form class="row" method="post" action="\(ConsolePaths.signIn)">
            <input type="hidden" name="next" value="\(next)">
            <label>Access token <input type="password" name="token" required autocomplete="current-password" size="46"></label>
            <button type="submit" class="main">Sign in</button>
            </form>
            """)
    }
}
