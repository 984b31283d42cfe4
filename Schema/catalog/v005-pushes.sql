-- What clients push: branches, versions that are kept as they came until they are compressed, models under another name.

-- 1 for the versions that `main` went through; the others were made on a branch.
ALTER TABLE versions ADD COLUMN on_main INTEGER NOT NULL DEFAULT 1 CHECK (on_main IN (0, 1));

-- The name in the manifest of its pack, where the model was given another one since.
ALTER TABLE versions ADD COLUMN registered_as TEXT;

-- A movable name like a tag, but one that commits move. `main` is no row: it is the newest version with on_main = 1.
CREATE TABLE branches (
    model_id   INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    PRIMARY KEY (model_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX branches_by_version ON branches (version_id);

-- Versions with files that are stored as a client sent them. Compressing one replaces its pack, its files' rows and its stored
-- bytes; its commit, its number and the bytes of its files stay.
CREATE TABLE pending_versions (
    version_id INTEGER PRIMARY KEY REFERENCES versions (id) ON DELETE CASCADE,
    -- How often it was tried, and what went wrong the last time.
    attempts   INTEGER NOT NULL DEFAULT 0,
    problem    TEXT,
    -- The only namespace that whoever pushed it may see; NULL for all.
    namespace  TEXT
) STRICT;

-- 1 for a pack that holds one file as a client sent it; it belongs to no version, and goes when that is compressed.
ALTER TABLE packs ADD COLUMN is_upload INTEGER NOT NULL DEFAULT 0 CHECK (is_upload IN (0, 1));

CREATE TRIGGER version_resized AFTER UPDATE OF raw_bytes, stored_bytes ON versions BEGIN
    UPDATE models SET raw_bytes = raw_bytes - old.raw_bytes + new.raw_bytes,
        stored_bytes = stored_bytes - old.stored_bytes + new.stored_bytes
    WHERE id = new.model_id;
END;

-- By what clients know a large file.
CREATE INDEX files_by_sha256 ON files (sha256, version_id);
