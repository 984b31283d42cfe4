internal import GRDB

extension CatalogDatabase {
    /// Reads the whole catalog and says what is wrong with it, one sentence each; nothing if it is sound.
    public func check() throws -> [String] {
        try read { database in
            var problems = try database.rows("PRAGMA integrity_check(20)") { try $0.text(0) }
                .filter { $0 != "ok" }.map { "SQLite finds the file damaged: \($0)" }
            let broken = try database.rows("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1") {
                "\(try $0.int(1)) rows of the table \(try $0.text(0)) refer to rows that do not exist."
            }
            problems += broken
            for rule in Self.rules {
                let count = try database.first("SELECT count(*) FROM " + rule.violations) { try $0.int(0) } ?? 0
                if count > 0 { problems.append("\(count) \(rule.sentence).") }
            }
            return problems
        }
    }

    /// What the schema cannot say.
    private static let rules: [(sentence: String, violations: String)] = [
        (
            "models have a version above the highest number ever given",
            "models m WHERE last_number < (SELECT max(number) FROM versions WHERE model_id = m.id)"
        ),
        (
            "models have other sums than their versions",
            """
            models m WHERE (versions, raw_bytes, stored_bytes) <>
                (SELECT count(*), coalesce(sum(raw_bytes), 0), coalesce(sum(stored_bytes), 0)
                 FROM versions WHERE model_id = m.id)
            """
        ),
        (
            "models have another date than their newest version",
            """
            models m WHERE newest_at <> coalesce(
                (SELECT created_at FROM versions WHERE model_id = m.id ORDER BY number DESC LIMIT 1), 0)
            """
        ),
        (
            "versions have another raw size than their files",
            "versions v WHERE raw_bytes <> (SELECT coalesce(sum(size), 0) FROM files WHERE version_id = v.id)"
        ),
        (
            "versions have another stored size than their pack",
            "versions v WHERE stored_bytes <> (SELECT coalesce(sum(byte_count), 0) FROM packs WHERE version_id = v.id)"
        ),
        (
            "tags name a version of another model",
            "tags g JOIN versions v ON v.id = g.version_id WHERE v.model_id <> g.model_id"
        ),
        (
            "tags have another commit than their version",
            "tags g JOIN versions v ON v.id = g.version_id WHERE v.commit_id IS NOT g.commit_id"
        ),
        (
            "branches have another commit than their version",
            "branches g JOIN versions v ON v.id = g.version_id WHERE v.commit_id IS NOT g.commit_id"
        ),
        (
            "models have another newest number than their versions",
            """
            models m WHERE newest_number <>
                coalesce((SELECT max(number) FROM versions WHERE model_id = m.id AND on_main = 1), 0)
            """
        ),
        (
            "objects are in packs that are garbage",
            "objects o JOIN packs p ON p.id = o.pack_id WHERE p.garbage_since IS NOT NULL"
        ),
    ]
}
