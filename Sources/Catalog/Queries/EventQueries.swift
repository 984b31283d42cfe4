internal import DeltaicCore
internal import GRDB
internal import Synchronization

// Triggers of the schema write the events, in the transaction of what they tell of.
extension CatalogDatabase {
    /// The number of the last event that there was; 0 before the first.
    public func lastEvent() throws -> Int {
        try read { try EventRows.last($0) }
    }

    /// The events after a number that the catalog still has, in their order.
    public func events(after sequence: Int) throws -> [CatalogEvent] {
        try read { try EventRows.events(after: sequence, $0) }
    }

    /// Says once more, as events, all that the catalog knows and that no pack does; what was said before counts no more.
    ///
    /// - Returns: these events.
    public func writeSnapshot() throws -> [CatalogEvent] {
        try writeQuietly { database in
            let before = try EventRows.last(database)
            try EventRows.insertSnapshot(database)
            return try EventRows.events(after: before, database)
        }
    }

    /// What the catalog is at one moment.
    public struct State: Sendable {
        /// The number of the last event.
        public let last: Int
        /// The events after some number that the catalog still has.
        public let events: [CatalogEvent]
        /// What ``CatalogDatabase/writeSnapshot()`` would write, numbered from 1.
        public let snapshot: [CatalogEvent]
    }

    /// The state of one moment, with the events after a number.
    public func state(after sequence: Int) throws -> State {
        try read { database in
            let snapshot = try EventRows.selections.flatMap { try database.rows($0) { try $0.text(0) } }
            return State(
                last: try EventRows.last(database), events: try EventRows.events(after: sequence, database),
                snapshot: snapshot.enumerated().map { CatalogEvent(sequence: $0 + 1, at: 0, json: $1) })
        }
    }

    /// Whether there are events after those that the journal is known to have.
    public func hasEventsToKeep() throws -> Bool {
        let kept = keptEvents.withLock { $0 }
        return try kept > 0 && lastEvent() > kept
    }

    /// Lets go of events that are in the journal.
    ///
    /// Done with the next change, for it would cost a transaction of its own.
    public func eventsAreKept(through sequence: Int) {
        keptEvents.withLock { $0 = max($0, sequence) }
    }

    /// Replaces the events of a catalog that was built anew: those of before are in the journal, up to a number.
    public func restartEvents(after sequence: Int) throws {
        try writeQuietly { database in
            try database.run("DELETE FROM events")
            try database.run("DELETE FROM sqlite_sequence WHERE name = 'events'")
            try database.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", [sequence])
        }
    }
}

/// How events are read and written.
enum EventRows {
    static func last(_ database: Database) throws -> Int {
        try database.first("SELECT seq FROM sqlite_sequence WHERE name = 'events'") { try $0.int(0) } ?? 0
    }

    static func events(after sequence: Int, _ database: Database) throws -> [CatalogEvent] {
        try database.rows("SELECT sequence, at, event FROM events WHERE sequence > ? ORDER BY sequence", [sequence]) {
            CatalogEvent(sequence: try $0.int(0), at: try $0.int(1), json: try $0.text(2))
        }
    }

    static func insertSnapshot(_ database: Database) throws {
        let first = try database.insert("INSERT INTO events (event) VALUES ('{}')", [])
        for selection in selections { try database.run("INSERT INTO events (event) " + selection) }
        try database.run(
            """
            UPDATE events SET event = json_object('event', 'snapshot', 'through', (SELECT max(sequence) FROM events))
            WHERE sequence = ?
            """, [first])
    }

    private static let version = "'model', m.name, 'number', v.number, 'commit', lower(hex(v.commit_id))"
    private static let ofVersion = "JOIN versions v ON v.id = x.version_id JOIN models m ON m.id = v.model_id"

    /// Each gives one column of JSON, in an order in which later events may refer to earlier ones.
    static let selections = [
        "SELECT json_object('event', 'task', 'name', name, 'text', description) FROM tasks ORDER BY id",
        """
        SELECT json_object('event', 'token', 'name', name, 'key', lower(hex(sha256)), 'text', scope, 'namespace', namespace,
            'at', created_at, 'expires', expires_at) FROM tokens ORDER BY id
        """,
        """
        SELECT json_object('event', 'version', \(version), 'isBase', json(iif(m.is_base, 'true', 'false')))
        FROM versions v JOIN models m ON m.id = v.model_id ORDER BY v.id
        """,
        "SELECT json_object('event', 'numbers', 'model', name, 'number', last_number) FROM models ORDER BY id",
        """
        SELECT json_object('event', 'pack', \(version), 'pack', lower(hex(x.sha256))) FROM packs x \(ofVersion) ORDER BY x.id
        """,
        """
        SELECT json_object('event', 'upload', 'pack', lower(hex(sha256))) FROM packs
        WHERE is_upload = 1 AND garbage_since IS NULL ORDER BY id
        """,
        """
        SELECT json_object('event', 'garbage', 'pack', lower(hex(sha256))) FROM packs
        WHERE version_id IS NULL AND is_upload = 0 ORDER BY id
        """,
        "SELECT json_object('event', 'branch', \(version), 'name', x.name) FROM branches x \(ofVersion) ORDER BY m.id, x.name",
        "SELECT json_object('event', 'tag', \(version), 'name', x.name) FROM tags x \(ofVersion) ORDER BY m.id, x.name",
        "SELECT json_object('event', 'pending', \(version), 'name', x.namespace) FROM pending_versions x \(ofVersion) ORDER BY v.id",
        """
        SELECT json_object('event', 'evaluated', \(version), 'text', x.command, 'score', json(printf('%!.17g', x.score)),
            'at', x.created_at)
        FROM evaluations x \(ofVersion) ORDER BY x.id
        """,
        """
        SELECT json_object('event', 'signed', \(version), 'key', lower(hex(x.key)), 'text', x.bundle, 'at', x.created_at)
        FROM signatures x \(ofVersion) ORDER BY v.id, x.key
        """,
    ]
}
