internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// Refuses changes that a page of another site had a browser ask for.
///
/// A browser adds what it knows of a user to what any site has it send: a cookie, or the name and password that it was given for this
/// address. It also says where a request comes from, in fields that no page can write; other clients send neither of them.
struct CrossSiteCheck {
    private let method: HTTPRequest.Method
    /// What browsers of today say.
    private let site: String?
    /// What older ones say, with what has a body.
    private let source: String?
    private let origin: String

    /// - Parameter origin: where clients find this server.
    init(_ request: Request, origin: String) {
        method = request.method
        site = request.headers[.fetchSite]
        source = request.headers[.origin]
        self.origin = origin
    }

    /// - Throws: `ServerError` 403.
    func run() throws {
        switch method {
        case .get, .head, .options, .trace: return
        default: break
        }
        let isForeign =
            switch site {
            case "same-origin"?, "none"?: false
            case .some: true
            // The scheme may be another one than this server sees, where a proxy ends TLS.
            case nil: source.map { Self.authority($0) != Self.authority(origin) } ?? false
            }
        guard !isForeign else {
            throw ServerError(
                .forbidden,
                "a page of another site asked for a change; where a proxy changes the name of this server, "
                    + "`deltaic serve --public-url` says what it is")
        }
    }

    private static func authority(_ url: String) -> String? {
        guard let parts = URLComponents(string: url), let host = parts.host else { return nil }
        let port = parts.port.flatMap { [80, 443].contains($0) ? nil : $0 }
        return host.lowercased() + (port.map { ":\($0)" } ?? "")
    }
}
