-- What a rebuild has to know beside the events of v006: which packs belong to no version, so that what they tell of does not come back; that
-- a file that was garbage is one that a client sent again; scores to the last digit.

CREATE TRIGGER garbage_event AFTER UPDATE OF garbage_since ON packs WHEN new.garbage_since IS NOT NULL AND old.garbage_since IS NULL BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'garbage', 'pack', lower(hex(new.sha256))));
END;

-- A pack that is still needed may have lost its version.
CREATE TRIGGER disowned_event AFTER UPDATE OF version_id ON packs
WHEN new.version_id IS NULL AND old.version_id IS NOT NULL AND new.garbage_since IS NULL BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'garbage', 'pack', lower(hex(new.sha256))));
END;

CREATE TRIGGER stray_event AFTER INSERT ON packs WHEN new.garbage_since IS NOT NULL BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'garbage', 'pack', lower(hex(new.sha256))));
END;

CREATE TRIGGER upload_again_event AFTER UPDATE OF is_upload ON packs WHEN new.is_upload = 1 AND old.is_upload = 0 BEGIN
    INSERT INTO events (event) VALUES (json_object('event', 'upload', 'pack', lower(hex(new.sha256))));
END;

-- SQLite writes 15 digits of a number into JSON by itself.
DROP TRIGGER evaluated_event;

CREATE TRIGGER evaluated_event AFTER INSERT ON evaluations BEGIN
    INSERT INTO events (event)
    SELECT json_object('event', 'evaluated', 'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id)),
        'text', new.command, 'score', json(printf('%!.17g', new.score)), 'at', new.created_at)
    FROM versions v JOIN models m ON m.id = v.model_id WHERE v.id = new.version_id;
END;

-- What is so already.
INSERT INTO events (event)
SELECT json_object('event', 'garbage', 'pack', lower(hex(sha256))) FROM packs
WHERE version_id IS NULL AND is_upload = 0 ORDER BY id;
