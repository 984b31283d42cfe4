-- Access tokens of the HTTP service. They are in no pack: a catalog that is rebuilt from the packs has none.

-- What a client of the service may do. The secret that it sends is not stored. A secret has more than 200 random bits, so its plain
-- SHA-256 says nothing about it: salt and many rounds protect secrets that can be guessed, and would only make each request slow.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    -- Of the whole text of the secret, in ASCII.
    sha256     BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    -- Each scope allows what those before it do.
    scope      TEXT    NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    -- The only namespace whose models it is for; NULL for all models.
    namespace  TEXT,
    created_at INTEGER NOT NULL,
    -- From this second on it is refused; NULL for never.
    expires_at INTEGER          CHECK (expires_at > created_at)
) STRICT;
