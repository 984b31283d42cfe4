internal import DeltaicCore
internal import Foundation
internal import GRDB

/// How a version is read from its row.
enum VersionRows {
    static let columns = """
        v.id, m.name, m.is_base, v.number, v.commit_id, v.tree_id, v.parent_commit_id, v.base_version_id, bm.name, \
        bv.number, t.name, v.message, v.metadata, \
        (SELECT group_concat(g.name, ' ') FROM tags g WHERE g.version_id = v.id), \
        v.created_at, v.raw_bytes, v.stored_bytes, v.tensor_count, v.file_count, \
        (SELECT r.codec FROM recipes r WHERE r.version_id = v.id), \
        (SELECT e.score FROM evaluations e WHERE e.version_id = v.id ORDER BY e.id DESC LIMIT 1), \
        v.on_main, v.registered_as, bv.registered_as, \
        EXISTS (SELECT 1 FROM pending_versions q WHERE q.version_id = v.id)
        """
    /// The number of ``columns``: the position of the first column that a statement adds.
    static let columnCount = 25
    /// What `versions v` is joined with for ``columns``.
    static let joins = """
        LEFT JOIN versions bv ON bv.id = v.base_version_id LEFT JOIN models bm ON bm.id = bv.model_id \
        LEFT JOIN tasks t ON t.id = v.task_id
        """
    static let select = "SELECT \(columns) FROM versions v JOIN models m ON m.id = v.model_id \(joins)"

    static func record(_ row: Row) throws -> VersionRecord {
        try VersionRecord(
            id: VersionID(rawValue: row.decode(Int64.self, atIndex: 0)), model: row.modelName(1), isBase: row.flag(2),
            number: row.int(3), commit: row.fixed(4), tree: row.fixed(5),
            parentCommit: row.ifPresent(6) { try row.fixed($0) },
            baseVersion: row.ifPresent(7) { VersionID(rawValue: try row.decode(Int64.self, atIndex: $0)) },
            baseName: row.ifPresent(8, row.text), baseNumber: row.ifPresent(9, row.int), isOnMain: row.flag(21),
            registeredAs: row.ifPresent(22, row.text), baseRegisteredAs: row.ifPresent(23, row.text),
            isPending: row.flag(24),
            task: row.ifPresent(10, row.text), message: row.ifPresent(11, row.text), metadata: metadata(row.text(12)),
            // No tag contains a space.
            tags: row.ifPresent(13, row.text)?.split(separator: " ").map(String.init).sorted() ?? [],
            createdAt: row.int(14), rawBytes: row.int(15), storedBytes: row.int(16), tensorCount: row.int(17),
            fileCount: row.int(18), lossyCodec: row.ifPresent(19, row.text),
            score: row.ifPresent(20) { try row.decode(Double.self, atIndex: $0) })
    }

    static func version(_ id: VersionID, _ database: Database) throws -> VersionRecord? {
        try database.first(select + " WHERE v.id = ?", [id.rawValue], record)
    }

    /// Tells a version without rows of some kind from one that another process removed after it was looked up.
    static func isRegistered(_ id: VersionID, _ database: Database) throws -> Bool {
        try database.exists("SELECT 1 FROM versions WHERE id = ?", [id.rawValue])
    }

    /// Metadata as a JSON object with sorted keys.
    static func json(_ metadata: [String: String]) throws -> String {
        if metadata.isEmpty { return "{}" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(metadata), as: UTF8.self)
    }

    private static func metadata(_ text: String) throws -> [String: String] {
        if text == "{}" { return [:] }
        if let plain = plainObject(text) { return plain }
        do {
            return try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
        } catch {
            throw DeltaicError.damagedRow("the metadata of a version is no JSON object of strings")
        }
    }

    /// Reads what ``json(_:)`` writes when nothing had to be escaped, at a fraction of the cost of a general decoder; nil for
    /// anything else.
    private static func plainObject(_ text: String) -> [String: String]? {
        guard text.hasPrefix("{\""), text.hasSuffix("\"}"), !text.utf8.contains(UInt8(ascii: "\\")) else { return nil }
        // Without escapes, every quotation mark begins or ends a string: the odd pieces are the strings.
        let pieces = text.utf8.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false).map(
            Substring.init)
        guard pieces.count % 4 == 1 else { return nil }
        var object: [String: String] = [:]
        for start in stride(from: 0, to: pieces.count - 1, by: 4) {
            guard pieces[start] == (start == 0 ? "{" : ","), pieces[start + 2] == ":" else { return nil }
            object[String(pieces[start + 1])] = String(pieces[start + 3])
        }
        return pieces.last == "}" ? object : nil
    }
}
