internal import Catalog
internal import DeltaicCore
internal import Foundation

/// What a client of the service may do; each scope allows what those before it do.
public enum TokenScope: String, Comparable, Sendable, Codable, CaseIterable {
    /// Look at models and pull them.
    case read
    /// Move and remove tags, add tasks, send versions from other registries.
    case write
    /// What belongs to no model: collect garbage.
    case admin

    public static func < (left: TokenScope, right: TokenScope) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }
}

/// An access token as `token list` shows it: without its secret.
public struct TokenListing: Sendable, Codable, Hashable {
    public let name: String
    public let scope: TokenScope
    /// The only namespace whose models it is for; nil for all models.
    public let namespace: String?
    /// Seconds since 1970.
    public let createdAt: Int
    /// From this second since 1970 on it is refused; nil for never.
    public let expiresAt: Int?
}

/// A token that was just made, and the only sight of its secret.
public struct NewToken: Sendable, Codable {
    /// What a client sends: `hf_` and 40 letters and digits.
    public let secret: String
    public let token: TokenListing
}

// A token is one row of the catalog, changed in one transaction, so none of this takes the lock on the registry's contents:
// a token is revoked at once, even while a registration of hours holds that lock.
extension ModelRegistry {
    /// Makes an access token; its secret is returned and not stored.
    ///
    /// - Parameters:
    ///   - namespace: the only namespace whose models it is for.
    ///   - expiresAt: when it ends, in seconds since 1970.
    /// - Throws: `.invalidName`, `.badExpiry` if it would have ended already, `.tokenExists`.
    public func addToken(name: String, scope: TokenScope, namespace: String? = nil, expiresAt: Int? = nil) throws
        -> NewToken
    {
        let now = Self.now()
        if let expiresAt, expiresAt <= now {
            throw DeltaicError(
                .badExpiry, "the token would end before it begins", expected: "a time after \(now)",
                found: "\(expiresAt)", advice: "give a later end, or none")
        }
        let secret = TokenSecret.random()
        let record = TokenRecord(
            name: name, scope: scope.rawValue, namespace: namespace, createdAt: now, expiresAt: expiresAt)
        try catalog.addToken(record, sha256: Digest.sha256(Array(secret.utf8)))
        return NewToken(secret: secret, token: try TokenListing(record))
    }

    /// All access tokens by name, those that have expired too.
    public func tokens() throws -> [TokenListing] {
        try catalog.tokens().map(TokenListing.init)
    }

    /// Takes an access token away; from then on no process accepts its secret.
    ///
    /// - Throws: `.unknownToken`, which says which there are.
    public func revokeToken(named name: String) throws -> TokenListing {
        try TokenListing(catalog.removeToken(named: name))
    }

    /// The token that a client's secret stands for; nil if there is none, or if it has expired.
    public func token(forSecret secret: String) throws -> TokenListing? {
        try token(forSecret: secret, at: Self.now())
    }

    /// The token that a client's secret stood, or will stand, for at a time in seconds since 1970.
    func token(forSecret secret: String, at time: Int) throws -> TokenListing? {
        try catalog.token(sha256: Digest.sha256(Array(secret.utf8)), at: time).map(TokenListing.init)
    }

    private static func now() -> Int { Int(Date().timeIntervalSince1970) }
}

/// What the secrets of tokens look like: as those of the Hub, since its clients send no others.
enum TokenSecret {
    static let prefix = "hf_"
    /// 238 random bits.
    static let randomCharacters = 40
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<randomCharacters).map { _ in
            alphabet[Int.random(in: alphabet.indices, using: &generator)]
        }
        return prefix + String(characters)
    }
}

extension TokenListing {
    fileprivate init(_ record: TokenRecord) throws {
        guard let scope = TokenScope(rawValue: record.scope) else {
            throw DeltaicError(
                .catalogDamaged, "the token \"\(record.name)\" has the unknown scope \"\(record.scope)\"",
                advice: "revoke it, and add another")
        }
        name = record.name
        self.scope = scope
        namespace = record.namespace
        createdAt = record.createdAt
        expiresAt = record.expiresAt
    }
}
