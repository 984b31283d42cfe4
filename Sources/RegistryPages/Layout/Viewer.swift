/// Who looks at a page, and what that lets them see and do.
public struct Viewer: Sendable {
    /// The name of the token that they signed in with; nil for those who did not.
    public let token: String?
    /// What it is for, in words: `write, acme/`.
    public let scope: String?
    /// Whether sums over all models are theirs to see.
    public let seesEverything: Bool
    /// Whether they may add tasks, and have versions compressed.
    public let writesEverything: Bool
    /// Whether they may collect garbage.
    public let administers: Bool
    /// What their forms send, so that no other site can send them; nil for those who did not sign in.
    public let formKey: String?

    public init(
        token: String?, scope: String?, seesEverything: Bool, writesEverything: Bool, administers: Bool,
        formKey: String?
    ) {
        self.token = token
        self.scope = scope
        self.seesEverything = seesEverything
        self.writesEverything = writesEverything
        self.administers = administers
        self.formKey = formKey
    }
}
