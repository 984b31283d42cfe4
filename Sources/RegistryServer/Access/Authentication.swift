internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Finds out who sent a request.
struct Authentication: Sendable {
    /// How a client may say who it is.
    static let challenge: HTTPFields = [.wwwAuthenticate: "Basic realm=\"deltaic\", charset=\"UTF-8\""]

    let registry: ModelRegistry
    let allowsAnonymousRead: Bool
    let sessions: ConsoleSessions

    /// - Parameter isPage: whether a cookie of the console counts too. It does nowhere else: browsers send it whoever made them ask.
    /// - Throws: `ServerError` 401 for a token that does not exist, has expired or was revoked, and for other kinds of
    ///   credentials.
    func principal(of request: Request, isPage: Bool) throws -> Principal {
        guard let header = request.headers[.authorization] else {
            let session = isPage ? try sessions.session(cookies: request.headers[.cookie], registry) : nil
            return Principal(token: session?.token, allowsAnonymousRead: allowsAnonymousRead, session: session)
        }
        guard let secret = Self.secret(in: header) else {
            throw ServerError(
                .unauthorized, "the Authorization header is neither Bearer nor Basic with a token as its password",
                headers: Self.challenge)
        }
        guard let token = try registry.token(forSecret: secret) else {
            throw ServerError(
                .unauthorized, "the token is not known: it was mistyped, revoked, or has expired",
                headers: Self.challenge)
        }
        return Principal(token: token, allowsAnonymousRead: allowsAnonymousRead)
    }

    /// The token in a header: `Bearer` as Hub clients send it, `Basic` as Git does, as password or as user.
    static func secret(in header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { return nil }
        let value = parts[1].trimmingCharacters(in: .whitespaces)
        switch parts[0].lowercased() {
        case "bearer":
            return value
        case "basic":
            guard let data = Data(base64Encoded: value), let text = String(data: data, encoding: .utf8) else {
                return nil
            }
            let pair = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return pair.last { !$0.isEmpty }.map(String.init)
        default:
            return nil
        }
    }
}
