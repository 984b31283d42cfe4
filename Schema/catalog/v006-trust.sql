-- What makes the catalog replaceable, and deletion safe: events for the journal beside the packs, packs that are garbage before they
-- are deleted, second copies of what names resolve to, signatures.

-- What happened, as the journal will have it (Schema/pack/journal.md). The triggers below write a row in the transaction of the change
-- itself; rows that are in the journal are deleted later. Their numbers are never used again.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL DEFAULT (unixepoch()),
    -- A JSON object.
    event    TEXT    NOT NULL
) STRICT;

-- One row. Readers hold a lock of their epoch; a pack that became garbage in one epoch can go when no reader of that epoch or of an
-- earlier one is left.
CREATE TABLE reader_epoch (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL CHECK (epoch >= 0)
) STRICT;

INSERT INTO reader_epoch (id, epoch) VALUES (1, 0);

-- Since when nothing needs the pack (seconds since 1970), in which epoch of readers that was, and why; NULL for packs that are needed.
-- The catalog has no objects of a pack that is garbage.
ALTER TABLE packs ADD COLUMN garbage_since INTEGER;
ALTER TABLE packs ADD COLUMN garbage_epoch INTEGER;
ALTER TABLE packs ADD COLUMN garbage_reason TEXT CHECK (garbage_reason IN ('removed', 'replaced', 'stray'));

CREATE INDEX garbage_packs ON packs (garbage_since) WHERE garbage_since IS NOT NULL;

-- The commit that a name leads to and the number of the newest version, once more: a damaged row must not lead to another version.
ALTER TABLE tags ADD COLUMN commit_id BLOB CHECK (length(commit_id) = 20);
ALTER TABLE branches ADD COLUMN commit_id BLOB CHECK (length(commit_id) = 20);
ALTER TABLE models ADD COLUMN newest_number INTEGER NOT NULL DEFAULT 0;

UPDATE tags SET commit_id = (SELECT commit_id FROM versions WHERE id = tags.version_id);
UPDATE branches SET commit_id = (SELECT commit_id FROM versions WHERE id = branches.version_id);
UPDATE models SET newest_number =
    coalesce((SELECT max(number) FROM versions WHERE model_id = models.id AND on_main = 1), 0);

CREATE TRIGGER newest_number_added AFTER INSERT ON versions WHEN new.on_main = 1 BEGIN
    UPDATE models SET newest_number = max(newest_number, new.number) WHERE id = new.model_id;
END;

CREATE TRIGGER newest_number_removed AFTER DELETE ON versions WHEN old.on_main = 1 BEGIN
    UPDATE models SET newest_number =
        coalesce((SELECT max(number) FROM versions WHERE model_id = old.model_id AND on_main = 1), 0)
    WHERE id = old.model_id;
END;

-- Who vouches for a version: a Sigstore bundle over its files.
CREATE TABLE signatures (
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    -- The SHA-256 of the public key, as DER SubjectPublicKeyInfo.
    key        BLOB    NOT NULL CHECK (length(key) = 32),
    created_at INTEGER NOT NULL,
    bundle     TEXT    NOT NULL,
    PRIMARY KEY (version_id, key)
) STRICT, WITHOUT ROWID;

-- Events.

CREATE TRIGGER version_event AFTER INSERT ON versions BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'version', 'model', name, 'number', new.number, 'commit', lower(hex(new.commit_id)),
        'isBase', json(iif(is_base, 'true', 'false')))
    FROM models WHERE id = new.model_id;
END;

CREATE TRIGGER removed_event AFTER DELETE ON versions BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'removed', 'model', name, 'number', old.number, 'commit', lower(hex(old.commit_id)))
    FROM models WHERE id = old.model_id;
END;

CREATE TRIGGER pack_event AFTER UPDATE OF version_id ON packs WHEN new.version_id IS NOT NULL AND new.version_id IS NOT old.version_id BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'pack', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'pack', lower(hex(new.sha256)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER upload_event AFTER INSERT ON packs WHEN new.is_upload = 1 BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'upload', 'pack', lower(hex(new.sha256))));
END;

CREATE TRIGGER kind_event AFTER UPDATE OF is_base ON models WHEN new.is_base <> old.is_base AND new.versions > 0 BEGIN
    INSERT INTO events (event) VALUES (
        json_object('event', 'kind', 'model', new.name, 'isBase', json(iif(new.is_base, 'true', 'false'))));
END;

CREATE TRIGGER renamed_event AFTER UPDATE OF name ON models WHEN new.name <> old.name BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'renamed', 'model', old.name, 'name', new.name));
END;

CREATE TRIGGER numbers_event AFTER UPDATE OF last_number ON models WHEN new.last_number < old.last_number BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'numbers', 'model', new.name, 'number', new.last_number));
END;

CREATE TRIGGER tag_event AFTER INSERT ON tags BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'tag', 'model', m.name, 'name', new.name, 'number', v.number,
        'commit', lower(hex(v.commit_id)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER tag_moved_event AFTER UPDATE OF version_id ON tags BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'tag', 'model', m.name, 'name', new.name, 'number', v.number,
        'commit', lower(hex(v.commit_id)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER untagged_event AFTER DELETE ON tags BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'untagged', 'model', name, 'name', old.name) FROM models WHERE id = old.model_id;
END;

CREATE TRIGGER branch_event AFTER INSERT ON branches BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'branch', 'model', m.name, 'name', new.name, 'number', v.number,
        'commit', lower(hex(v.commit_id)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER branch_moved_event AFTER UPDATE OF version_id ON branches BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'branch', 'model', m.name, 'name', new.name, 'number', v.number,
        'commit', lower(hex(v.commit_id)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER unbranched_event AFTER DELETE ON branches BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'unbranched', 'model', name, 'name', old.name) FROM models WHERE id = old.model_id;
END;

CREATE TRIGGER task_event AFTER INSERT ON tasks BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'task', 'name', new.name, 'text', new.description));
END;

CREATE TRIGGER task_described_event AFTER UPDATE OF description ON tasks WHEN new.description IS NOT old.description BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'task', 'name', new.name, 'text', new.description));
END;

CREATE TRIGGER pending_event AFTER INSERT ON pending_versions BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'pending', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'name', new.namespace)
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER compressed_event AFTER DELETE ON pending_versions BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'compressed', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = old.version_id;
END;

CREATE TRIGGER evaluated_event AFTER INSERT ON evaluations BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'evaluated', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'text', new.command, 'score', new.score, 'at', new.created_at)
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER signed_event AFTER INSERT ON signatures BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'signed', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'key', lower(hex(new.key)), 'text', new.bundle, 'at', new.created_at)
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER signed_again_event AFTER UPDATE OF bundle ON signatures BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'signed', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'key', lower(hex(new.key)), 'text', new.bundle, 'at', new.created_at)
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

CREATE TRIGGER unsigned_event AFTER DELETE ON signatures BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'unsigned', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'key', lower(hex(old.key)))
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = old.version_id;
END;

CREATE TRIGGER token_event AFTER INSERT ON tokens BEGIN
    INSERT INTO events (event) VALUES (
        json_object('event', 'token', 'name', new.name, 'key', lower(hex(new.sha256)), 'text', new.scope,
            'namespace', new.namespace, 'at', new.created_at, 'expires', new.expires_at));
END;

CREATE TRIGGER revoked_event AFTER DELETE ON tokens BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'revoked', 'name', old.name));
END;
