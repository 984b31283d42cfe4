internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

/// Signing in to the console with a token, and out.
enum SessionRoutes {
    static let routes: [Route] = [
        .page(ConsolePaths.signIn, .nothing) { exchange in
            exchange.page(page(next: exchange.query("next"), exchange))
        },
        .action(ConsolePaths.signIn, .nothing, signIn),
        .action(ConsolePaths.signOut, .nothing, signOut),
    ]

    /// - Parameter path: with its query.
    static func signInPath(returningTo path: String) -> String {
        let next = safe(path)
        return next == ConsolePaths.overview
            ? ConsolePaths.signIn : "\(ConsolePaths.signIn)?\(QueryParameters.encode("next", next))"
    }

    private static func page(next: String?, problem: String? = nil, _ exchange: Exchange) -> Markup {
        SignInPage(
            next: safe(next ?? ConsolePaths.overview), problem: problem, isOpen: exchange.principal.allowsAnonymousRead
        ).markup(in: exchange.layout)
    }

    private static func signIn(_ exchange: Exchange) async throws -> Response {
        let form = try await exchange.fields()
        let secret = try form.required("token")
        let next = safe(form.text("next") ?? ConsolePaths.overview)
        guard let token = try exchange.registry.token(forSecret: secret) else {
            let problem = "The token is not known: it was mistyped, revoked, or has expired."
            return PageResponse.make(page(next: next, problem: problem, exchange), status: .forbidden)
        }
        let sessions = exchange.services.console.sessions
        try sessions.end(cookies: exchange.request.headers[.cookie])
        return PageResponse.seeOther(
            next, headers: cookie(try sessions.begin(token), seconds: ConsoleSessions.lifetime, exchange))
    }

    private static func signOut(_ exchange: Exchange) async throws -> Response {
        // Without a session there is nothing to end.
        if exchange.principal.session != nil {
            _ = try await exchange.form()
            try exchange.services.console.sessions.end(cookies: exchange.request.headers[.cookie])
        }
        return PageResponse.seeOther(
            "\(ConsolePaths.signIn)?done=\(ConsoleNotice.signedOut.rawValue)", headers: cookie("", seconds: 0, exchange)
        )
    }

    private static func cookie(_ value: String, seconds: Int, _ exchange: Exchange) -> HTTPFields {
        let secure = exchange.origin.hasPrefix("https:") ? "; Secure" : ""
        return [
            .setCookie:
                "\(exchange.services.console.sessions.cookie)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax\(secure)"
        ]
    }

    /// A path of the console; the overview for anything else.
    private static func safe(_ path: String) -> String {
        let isOfConsole =
            path == ConsolePaths.overview || path == ConsolePaths.root || path.hasPrefix(ConsolePaths.root + "/")
        let isPlain =
            path.utf8.count <= 2000 && path.utf8.allSatisfy { (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "\\") }
        // Browsers take what `..` stands for out of a path before they ask for it.
        let isStraight = !path.contains("..") && !path.lowercased().contains("%2e")
        return isOfConsole && isPlain && isStraight && !path.hasPrefix(ConsolePaths.signIn)
            ? path : ConsolePaths.overview
    }
}
