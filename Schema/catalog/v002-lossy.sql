-- Lossy versions: what they were made with and what it cost; and what evaluations said of any version.

-- How a version was compressed, for those that were registered with lossy codecs. The JSON is that of the version manifest.
CREATE TABLE recipes (
    version_id INTEGER PRIMARY KEY REFERENCES versions (id) ON DELETE CASCADE,
    -- The codec of most of its weights.
    codec      TEXT NOT NULL,
    recipe     TEXT NOT NULL
) STRICT;

-- The sums behind the quality figures of a tensor that a lossy codec was used for: D is fine-tune - base as it was registered, D_hat
-- what is reconstructed of it, W the fine-tuned weights.
CREATE TABLE tensor_quality (
    file_id               INTEGER NOT NULL,
    ordinal               INTEGER NOT NULL,
    codec                 TEXT    NOT NULL,
    -- Elements that the base has too; of these, changed ones; of these, ones whose change kept its sign.
    elements              INTEGER NOT NULL CHECK (elements >= 0),
    changed               INTEGER NOT NULL CHECK (changed >= 0),
    same_sign             INTEGER NOT NULL CHECK (same_sign >= 0),
    -- |D|^2, |D_hat|^2, <D_hat, D>, |W|^2, |W_hat - W|^2.
    delta_squares         REAL    NOT NULL,
    reconstructed_squares REAL    NOT NULL,
    product               REAL    NOT NULL,
    weight_squares        REAL    NOT NULL,
    error_squares         REAL    NOT NULL,
    PRIMARY KEY (file_id, ordinal),
    FOREIGN KEY (file_id, ordinal) REFERENCES tensors (file_id, ordinal) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The SHA-256 of a file as it was registered, where a lossy codec gives back another one.
CREATE TABLE original_files (
    file_id INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    sha256  BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;

-- What a user's command said of a version. Not in any pack.
CREATE TABLE evaluations (
    id         INTEGER PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    command    TEXT    NOT NULL,
    score      REAL    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX evaluations_by_version ON evaluations (version_id, id);
