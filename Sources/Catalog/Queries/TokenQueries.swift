public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Adds an access token, known by the SHA-256 of its secret.
    ///
    /// - Throws: `.invalidName`; `.tokenExists` if there is one of this name, expired or not.
    public func addToken(_ token: TokenRecord, sha256: Digest) throws {
        try ModelName.check(token.name, kind: "token name", limit: 96)
        if let namespace = token.namespace { try ModelName.check(namespace, kind: "namespace", limit: 96) }
        try write { database in
            if try database.exists("SELECT 1 FROM tokens WHERE name = ?", [token.name]) {
                throw DeltaicError(
                    .tokenExists, "there is a token \"\(token.name)\" already",
                    advice: "use another name, or revoke that one first: `deltaic token revoke \(token.name)`")
            }
            try database.run(
                "INSERT INTO tokens (name, sha256, scope, namespace, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                [token.name, sha256.blob, token.scope, token.namespace, token.createdAt, token.expiresAt])
        }
    }

    /// Every access token, sorted by name, those that have expired too.
    public func tokens() throws -> [TokenRecord] {
        try read { try $0.rows(TokenRows.select + " ORDER BY name", [], TokenRows.record) }
    }

    /// The access token whose secret has this SHA-256; nil if there is none, or if it has expired.
    ///
    /// The index compares the hash and not the secret, so how long it takes says nothing that helps to find a secret.
    /// - Parameter time: now, in seconds since 1970.
    public func token(sha256: Digest, at time: Int) throws -> TokenRecord? {
        try read { database in
            try database.first(
                TokenRows.select + " WHERE sha256 = ? AND (expires_at IS NULL OR expires_at > ?)", [sha256.blob, time],
                TokenRows.record)
        }
    }

    /// Takes an access token away, and returns what it was.
    ///
    /// - Throws: `.unknownToken`, which says which tokens there are.
    public func removeToken(named name: String) throws -> TokenRecord {
        try write { database in
            guard
                let token = try database.first(TokenRows.select + " WHERE name = ?", [name], TokenRows.record)
            else {
                let names = try database.rows("SELECT name FROM tokens ORDER BY name") { try $0.text(0) }
                throw DeltaicError(
                    .unknownToken, "there is no token \"\(name)\"",
                    advice: names.isEmpty ? "there are no tokens at all" : "there are the tokens " + someOf(names))
            }
            try database.run("DELETE FROM tokens WHERE name = ?", [name])
            return token
        }
    }
}

/// How rows of `tokens` are read; the hash never is.
private enum TokenRows {
    static let select = "SELECT name, scope, namespace, created_at, expires_at FROM tokens"

    static func record(_ row: Row) throws -> TokenRecord {
        TokenRecord(
            name: try row.text(0), scope: try row.text(1), namespace: try row.ifPresent(2, row.text),
            createdAt: try row.int(3), expiresAt: try row.ifPresent(4, row.int))
    }
}
