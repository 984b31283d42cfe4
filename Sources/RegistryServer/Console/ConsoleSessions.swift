internal import DeltaicCore
internal import Foundation
internal import Registry
internal import Synchronization

/// Who is signed in to the console: a cookie stands for a token.
///
/// Sessions are kept in memory: they end with the server. The token is looked up at every request, so that one that is revoked is of no more
/// use here than anywhere else. Neither the token nor what the cookie says is kept, only the SHA-256 of the latter.
final class ConsoleSessions: Sendable {
    /// Its name: browsers tell servers of one host apart by it, for ports do not count with cookies.
    let cookie: String
    /// In seconds.
    static let lifetime = 12 * 3600
    private static let most = 10_000

    struct Session: Sendable {
        let token: TokenListing
        /// What forms send, so that no other site can send them.
        let formKey: String
    }

    private struct Entry {
        /// The name of the token, and when it was made: another may get the name of one that was revoked.
        let token: String
        let createdAt: Int
        let formKey: String
        let expires: Date
    }

    private let entries = Mutex(BoundedCache<Digest, Entry>(limit: most))

    /// - Parameter path: of the registry.
    init(path: String) {
        cookie = "deltaic_session_" + String(FastHash.checksum(Array(path.utf8)), radix: 16)
    }

    /// Begins a session and returns what its cookie says.
    func begin(_ token: TokenListing, now: Date = Date()) throws -> String {
        let secret = Self.random()
        let digest = try Digest.sha256(Array(secret.utf8))
        let entry = Entry(
            token: token.name, createdAt: token.createdAt, formKey: Self.random(),
            expires: now.addingTimeInterval(Double(Self.lifetime)))
        entries.withLock { $0.insert(entry, for: digest, cost: 1) }
        return secret
    }

    /// The session that a request's cookies stand for; nil if there is none, or no longer.
    func session(cookies: String?, _ registry: ModelRegistry, now: Date = Date()) throws -> Session? {
        guard let secret = secret(in: cookies) else { return nil }
        let digest = try Digest.sha256(Array(secret.utf8))
        guard let entry = entries.withLock({ $0.value(for: digest) }) else { return nil }
        guard entry.expires > now,
            let token = try registry.tokens().first(where: { $0.name == entry.token && $0.createdAt == entry.createdAt }
            ),
            token.expiresAt.map({ Double($0) > now.timeIntervalSince1970 }) ?? true
        else {
            entries.withLock { $0.remove(digest) }
            return nil
        }
        return Session(token: token, formKey: entry.formKey)
    }

    func end(cookies: String?) throws {
        guard let secret = secret(in: cookies) else { return }
        let digest = try Digest.sha256(Array(secret.utf8))
        entries.withLock { $0.remove(digest) }
    }

    private func secret(in cookies: String?) -> String? {
        for pair in (cookies ?? "").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == cookie else { continue }
            let value = parts[1].trimmingCharacters(in: .whitespaces)
            return value.utf8.count == 64 ? value : nil
        }
        return nil
    }

    /// 256 random bits.
    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return HexText.encode((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
