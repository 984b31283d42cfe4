-- What looking at a model costs, kept for whoever looks next.

-- How the weights of a version differ from its base's. Both are decoded for that once, when somebody asks first; versions never change. In no
-- pack and in no journal: what is lost is measured again.
CREATE TABLE delta_profiles (
    version_id     INTEGER PRIMARY KEY REFERENCES versions (id) ON DELETE CASCADE,
    -- Of the base that it was measured against: compressing a pushed version may give it another one.
    base_commit_id BLOB NOT NULL CHECK (length(base_commit_id) = 20),
    -- A JSON object.
    profile        TEXT NOT NULL,
    -- The oldest go when there are many.
    measured_at    INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
