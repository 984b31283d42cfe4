-- The catalog of a Deltaic registry, version 1.
--
-- What is registered, and in which packs its content lies. Never edited after release: a change is a new file.
-- Digests and Git object ids are raw bytes, most significant first. Times are seconds since 1970-01-01 UTC.

-- "DLTC": tells a catalog from any other SQLite database.
PRAGMA application_id = 1145852995;

-- A named line of versions, "[namespace/]name". Bases and models share one name space: a base has is_base = 1.
-- The row stays when the model's last version goes, so that its numbers are not used again; the name is free then for a base
-- or a model.
CREATE TABLE models (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    namespace   TEXT,
    is_base     INTEGER NOT NULL CHECK (is_base IN (0, 1)),
    -- The highest version number ever given: numbers are not used again.
    last_number INTEGER NOT NULL DEFAULT 0,
    -- The sums over its versions, kept by the triggers below.
    versions     INTEGER NOT NULL DEFAULT 0,
    raw_bytes    INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX bases ON models (id) WHERE is_base = 1;

-- What a fine-tune is for.
CREATE TABLE tasks (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    description TEXT
) STRICT;

-- One immutable registered state of a model. The sizes and counts are those of its files and its pack, kept here so that
-- no listing reads files or tensors.
CREATE TABLE versions (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id         INTEGER NOT NULL REFERENCES models (id),
    number           INTEGER NOT NULL CHECK (number > 0),
    commit_id        BLOB    NOT NULL CHECK (length(commit_id) = 20),
    tree_id          BLOB    NOT NULL CHECK (length(tree_id) = 20),
    parent_commit_id BLOB             CHECK (length(parent_commit_id) = 20),
    -- The version that this one is a delta of.
    base_version_id  INTEGER          REFERENCES versions (id),
    task_id          INTEGER          REFERENCES tasks (id),
    created_at       INTEGER NOT NULL,
    -- The sum of the sizes of its files.
    raw_bytes        INTEGER NOT NULL CHECK (raw_bytes >= 0),
    -- The size of the pack that it wrote.
    stored_bytes     INTEGER NOT NULL CHECK (stored_bytes >= 0),
    tensor_count     INTEGER NOT NULL CHECK (tensor_count >= 0),
    file_count       INTEGER NOT NULL CHECK (file_count >= 0),
    message          TEXT,
    -- A JSON object of strings.
    metadata         TEXT    NOT NULL DEFAULT '{}',
    UNIQUE (model_id, number),
    UNIQUE (model_id, commit_id)
) STRICT;

CREATE INDEX versions_by_tree ON versions (model_id, tree_id);
-- These two hold all that sums of sizes need, so that they never read the wide rows.
CREATE INDEX versions_by_base ON versions (base_version_id, model_id, raw_bytes, stored_bytes);
CREATE INDEX versions_by_task ON versions (task_id, model_id, raw_bytes, stored_bytes);

CREATE TRIGGER version_added AFTER INSERT ON versions BEGIN
    UPDATE models SET versions = versions + 1, raw_bytes = raw_bytes + new.raw_bytes,
        stored_bytes = stored_bytes + new.stored_bytes
    WHERE id = new.model_id;
END;

CREATE TRIGGER version_removed AFTER DELETE ON versions BEGIN
    UPDATE models SET versions = versions - 1, raw_bytes = raw_bytes - old.raw_bytes,
        stored_bytes = stored_bytes - old.stored_bytes
    WHERE id = old.model_id;
END;

-- A movable name for a version of a model.
CREATE TABLE tags (
    model_id   INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    PRIMARY KEY (model_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_version ON tags (version_id, name);

-- An immutable container file. It belongs to the version that wrote it; version_id is NULL when that version is removed
-- but other versions still need an object of the pack.
CREATE TABLE packs (
    id         INTEGER PRIMARY KEY,
    sha256     BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
    created_at INTEGER NOT NULL,
    version_id INTEGER          REFERENCES versions (id) ON DELETE SET NULL
) STRICT;

CREATE INDEX packs_by_version ON packs (version_id, byte_count);

-- One stored content: the raw bytes of a tensor, of a raw file or of a safetensors header, known by their SHA-256.
CREATE TABLE objects (
    id           INTEGER PRIMARY KEY,
    sha256       BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    length       INTEGER NOT NULL CHECK (length >= 0),
    pack_id      INTEGER NOT NULL REFERENCES packs (id),
    -- Its ordinal in the pack's index.
    position     INTEGER NOT NULL CHECK (position >= 0),
    codec        TEXT    NOT NULL,
    stored_bytes INTEGER NOT NULL CHECK (stored_bytes >= 0),
    -- How many objects must be decoded one after the other to decode this one; 0 needs no other.
    depth        INTEGER NOT NULL CHECK (depth >= 0),
    UNIQUE (pack_id, position)
) STRICT;

-- The objects that an object cannot be decoded without: its base tensor, and those whose equal blocks it refers to.
CREATE TABLE object_dependencies (
    object_id     INTEGER NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    ordinal       INTEGER NOT NULL,
    dependency_id INTEGER NOT NULL REFERENCES objects (id),
    is_base       INTEGER NOT NULL CHECK (is_base IN (0, 1)),
    PRIMARY KEY (object_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX dependants_of_object ON object_dependencies (dependency_id);

-- Where the raw bytes of a full chunk were first seen, by their XXH3-128 (big-endian, high half first): a hint.
CREATE TABLE blocks (
    key       BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 16),
    object_id INTEGER NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    chunk     INTEGER NOT NULL CHECK (chunk >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_by_object ON blocks (object_id);

-- The files of a version, in the order of their ids.
CREATE TABLE files (
    id             INTEGER PRIMARY KEY,
    version_id     INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    path           TEXT    NOT NULL,
    size           INTEGER NOT NULL CHECK (size >= 0),
    sha256         BLOB    NOT NULL CHECK (length(sha256) = 32),
    git_blob_id    BLOB    NOT NULL CHECK (length(git_blob_id) = 20),
    is_lfs         INTEGER NOT NULL CHECK (is_lfs IN (0, 1)),
    -- 0: the object is the whole file; 1: it is the header of a safetensors file, and tensors has the rest.
    is_safetensors INTEGER NOT NULL CHECK (is_safetensors IN (0, 1)),
    object_id      INTEGER NOT NULL REFERENCES objects (id),
    UNIQUE (version_id, path)
) STRICT;

CREATE INDEX files_by_object ON files (object_id);

-- The tensors of a safetensors file, in the order of their bytes.
CREATE TABLE tensors (
    file_id   INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    ordinal   INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    -- As safetensors writes it: "BF16".
    dtype     TEXT    NOT NULL,
    -- The dimensions, outermost first, with commas between; empty for a scalar.
    shape     TEXT    NOT NULL,
    object_id INTEGER NOT NULL REFERENCES objects (id),
    PRIMARY KEY (file_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX tensors_by_object ON tensors (object_id);
