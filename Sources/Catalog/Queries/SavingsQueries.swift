internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// What is saved, by group, sorted by name with `(none)` last.
    ///
    /// Every version is in exactly one group. The stored bytes of all groups and the retained bytes of ``savingsTotal()``
    /// add up to the bytes of all packs.
    public func savings(by grouping: SavingsRow.Grouping) throws -> [SavingsRow] {
        // The inner statement sums over a covering index; the names are looked up once per sum.
        let (columns, joins, name) =
            switch grouping {
            case .model: ("model_id", "JOIN models m ON m.id = s.model_id", "m.name")
            case .base:
                (
                    "model_id, base_version_id",
                    """
                    JOIN models m ON m.id = s.model_id LEFT JOIN versions bv ON bv.id = s.base_version_id \
                    LEFT JOIN models bm ON bm.id = bv.model_id
                    """,
                    "CASE WHEN m.is_base THEN m.name ELSE coalesce(bm.name, '(none)') END"
                )
            case .task:
                (
                    "model_id, task_id",
                    "JOIN models m ON m.id = s.model_id LEFT JOIN tasks t ON t.id = s.task_id",
                    "CASE WHEN m.is_base THEN '(none)' ELSE coalesce(t.name, '(none)') END"
                )
            }
        let sql = """
            SELECT \(name) AS label, sum(s.versions), sum(s.raw_bytes), sum(s.stored_bytes)
            FROM (SELECT \(columns), count(*) AS versions, sum(raw_bytes) AS raw_bytes, sum(stored_bytes) AS stored_bytes
                  FROM versions GROUP BY \(columns)) s
            \(joins)
            GROUP BY label ORDER BY label = '(none)', label
            """
        return try read { database in
            try database.rows(sql) { row in
                SavingsRow(
                    group: try row.text(0), versions: try row.int(1), rawBytes: try row.int(2),
                    storedBytes: try row.int(3))
            }
        }
    }

    /// What is saved in all; the stored bytes are the sum of the sizes of all pack files.
    public func savingsTotal() throws -> SavingsTotal {
        try read { database in
            let versions = try database.first("SELECT count(*), coalesce(sum(raw_bytes), 0) FROM versions") {
                (try $0.int(0), try $0.int(1))
            }
            let packs = try database.first(
                """
                SELECT coalesce(sum(byte_count), 0), coalesce(sum(byte_count) FILTER (WHERE version_id IS NULL), 0)
                FROM packs
                """
            ) { (try $0.int(0), try $0.int(1)) }
            return SavingsTotal(
                versions: versions?.0 ?? 0, rawBytes: versions?.1 ?? 0, storedBytes: packs?.0 ?? 0,
                retainedBytes: packs?.1 ?? 0)
        }
    }
}
