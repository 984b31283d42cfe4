internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// What is saved, by group, sorted by name with `(none)` last.
    ///
    /// Every version is in exactly one group. The stored bytes of all groups and the retained and garbage bytes of
    /// ``savingsTotal()`` add up to the bytes of all packs.
    /// - Parameter namespace: only versions of its models; nil for all.
    public func savings(by grouping: SavingsRow.Grouping, namespace: String? = nil) throws -> [SavingsRow] {
        let condition = NamespaceCondition(namespace)
        let sql =
            switch grouping {
            case .model:
                """
                SELECT name, versions, raw_bytes, stored_bytes FROM models
                WHERE versions > 0 \(condition.sql(ofModel: "id")) ORDER BY name
                """
            case .base:
                Self.savings(
                    ofFineTunesBy: "base_version_id",
                    named: "LEFT JOIN versions v ON v.id = s.base_version_id LEFT JOIN models n ON n.id = v.model_id",
                    andOfBasesIn: "name", condition)
            case .task:
                Self.savings(
                    ofFineTunesBy: "task_id", named: "LEFT JOIN tasks n ON n.id = s.task_id", andOfBasesIn: "'(none)'",
                    condition)
            case .codec: Self.savingsByCodec(condition)
            }
        return try read { database in
            try database.rows(sql, StatementArguments(condition.arguments)) { row in
                SavingsRow(
                    group: try row.text(0), versions: try row.int(1), rawBytes: try row.int(2),
                    storedBytes: try row.int(3))
            }
        }
    }

    /// The inner sums run over a covering index and skip the few bases, which are added from their own rows.
    private static func savings(
        ofFineTunesBy column: String, named joins: String, andOfBasesIn group: String, _ condition: NamespaceCondition
    ) -> String {
        """
        SELECT label, sum(versions), sum(raw_bytes), sum(stored_bytes) FROM (
            SELECT coalesce(n.name, '(none)') AS label, s.versions, s.raw_bytes, s.stored_bytes
            FROM (SELECT \(column), count(*) AS versions, sum(raw_bytes) AS raw_bytes, sum(stored_bytes) AS stored_bytes
                  FROM versions WHERE model_id NOT IN (SELECT id FROM models WHERE is_base = 1)
                  \(condition.sql(ofModel: "model_id")) GROUP BY \(column)) s
            \(joins)
            UNION ALL
            SELECT \(group), versions, raw_bytes, stored_bytes FROM models
            WHERE is_base = 1 AND versions > 0 \(condition.sql(ofModel: "id")))
        GROUP BY label ORDER BY label = '(none)', label
        """
    }

    /// Runs over the index that has what a version is a delta of; few versions have a recipe.
    private static func savingsByCodec(_ condition: NamespaceCondition) -> String {
        """
        SELECT CASE WHEN p.version_id IS NOT NULL THEN '(pending)' WHEN r.codec IS NOT NULL THEN r.codec
                WHEN v.base_version_id IS NULL THEN 'solo' ELSE 'exact' END AS label,
            count(*), sum(v.raw_bytes), sum(v.stored_bytes)
        FROM versions v INDEXED BY versions_by_base LEFT JOIN recipes r ON r.version_id = v.id
        LEFT JOIN pending_versions p ON p.version_id = v.id
        WHERE 1 \(condition.sql(ofModel: "v.model_id")) GROUP BY label ORDER BY label
        """
    }

    /// What is saved in all; the stored bytes are the sum of the sizes of all pack files.
    public func savingsTotal() throws -> SavingsTotal {
        try read { database in
            let versions = try database.first(
                "SELECT coalesce(sum(versions), 0), coalesce(sum(raw_bytes), 0) FROM models"
            ) {
                (try $0.int(0), try $0.int(1))
            }
            let packs = try database.first(
                """
                SELECT coalesce(sum(byte_count), 0),
                    coalesce(sum(byte_count) FILTER (WHERE version_id IS NULL AND garbage_since IS NULL), 0),
                    coalesce(sum(byte_count) FILTER (WHERE garbage_since IS NOT NULL), 0)
                FROM packs
                """
            ) { (try $0.int(0), try $0.int(1), try $0.int(2)) }
            return SavingsTotal(
                versions: versions?.0 ?? 0, rawBytes: versions?.1 ?? 0, storedBytes: packs?.0 ?? 0,
                retainedBytes: packs?.1 ?? 0, garbageBytes: packs?.2 ?? 0)
        }
    }
}
