-- What a service asks: pages of listings in any order, names in any letter case, Git objects.

-- When the newest version was registered; 0 for a model without versions. Kept by the triggers below.
ALTER TABLE models ADD COLUMN newest_at INTEGER NOT NULL DEFAULT 0;

UPDATE models SET newest_at = coalesce(
    (SELECT created_at FROM versions WHERE model_id = models.id ORDER BY number DESC LIMIT 1), 0);

-- A version that is added has the highest number.
CREATE TRIGGER newest_version_added AFTER INSERT ON versions BEGIN
    UPDATE models SET newest_at = new.created_at WHERE id = new.model_id;
END;

CREATE TRIGGER newest_version_removed AFTER DELETE ON versions BEGIN
    UPDATE models SET newest_at = coalesce(
        (SELECT created_at FROM versions WHERE model_id = old.model_id ORDER BY number DESC LIMIT 1), 0)
    WHERE id = old.model_id;
END;

-- One index for each order, so that a page costs what is on it. Equal figures, which are common among fine-tunes of one base,
-- are ordered by name from a in both directions.
CREATE INDEX models_by_name ON models (name) WHERE versions > 0;
CREATE INDEX models_by_created ON models (newest_at, name) WHERE versions > 0;
CREATE INDEX models_by_created_descending ON models (newest_at DESC, name) WHERE versions > 0;
CREATE INDEX models_by_registered ON models (raw_bytes, name) WHERE versions > 0;
CREATE INDEX models_by_registered_descending ON models (raw_bytes DESC, name) WHERE versions > 0;
CREATE INDEX models_by_stored ON models (stored_bytes, name) WHERE versions > 0;
CREATE INDEX models_by_stored_descending ON models (stored_bytes DESC, name) WHERE versions > 0;

-- Names whatever their letter case.
CREATE INDEX models_by_folded_name ON models (name COLLATE NOCASE) WHERE versions > 0;

CREATE INDEX tags_by_name ON tags (name);

-- By what Git knows a file.
CREATE INDEX files_by_blob ON files (git_blob_id, version_id);
