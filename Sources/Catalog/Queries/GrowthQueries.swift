internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// What was registered on each day, of the versions that are there, and what their packs take now; the first day first.
    ///
    /// - Parameter namespace: only of its models; nil for all.
    public func growth(namespace: String? = nil) throws -> [GrowthRow] {
        let condition = NamespaceCondition(namespace)
        return try read { database in
            try database.rows(
                """
                SELECT created_at / 86400, count(*), sum(raw_bytes), sum(stored_bytes) FROM versions
                WHERE 1 \(condition.sql(ofModel: "model_id")) GROUP BY 1 ORDER BY 1
                """, StatementArguments(condition.arguments)
            ) { row in
                GrowthRow(
                    day: try row.int(0), versions: try row.int(1), rawBytes: try row.int(2), storedBytes: try row.int(3)
                )
            }
        }
    }
}
