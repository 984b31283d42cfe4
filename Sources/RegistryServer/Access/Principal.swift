internal import DeltaicCore
internal import Registry

/// Who sent a request, and what that lets them do.
struct Principal: Sendable {
    /// Nil for a client without a token.
    let token: TokenListing?
    let allowsAnonymousRead: Bool
    /// The session of somebody who signed in to the console; nil for clients that send their token.
    var session: ConsoleSessions.Session?

    /// The namespace that the client is kept to when it lists models; nil for all of them.
    var listedNamespace: String? {
        allowsAnonymousRead ? nil : token?.namespace
    }

    var mayReadSomething: Bool { allowsAnonymousRead || token != nil }

    func mayRead(_ model: ModelName) -> Bool {
        allowsAnonymousRead || holds(.read, for: model.namespace)
    }

    /// - Parameter namespace: of what is to be changed; nil for what has none.
    func holds(_ scope: TokenScope, for namespace: String?) -> Bool {
        guard let token, token.scope >= scope else { return false }
        return token.namespace == nil || token.namespace == namespace
    }

    /// Whether the token has a scope, in its namespace or everywhere.
    func holds(_ scope: TokenScope) -> Bool {
        token.map { $0.scope >= scope } ?? false
    }

    /// Whether the token has the scope for everything.
    func holdsEverywhere(_ scope: TokenScope) -> Bool {
        token.map { $0.scope >= scope && $0.namespace == nil } ?? false
    }
}
