internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The models of which at least one version passes the filter, with the newest that does, sorted by name.
    public func latestVersions(_ filter: ModelFilter = ModelFilter()) throws -> [ModelSummary] {
        var ofVersion = ""
        var arguments: [(any DatabaseValueConvertible)?] = []
        if let base = filter.base {
            ofVersion += """
                 AND x.base_version_id IN \
                (SELECT id FROM versions WHERE model_id = (SELECT id FROM models WHERE name = ?))
                """
            arguments.append(base.description)
        }
        if let task = filter.task {
            ofVersion += " AND x.task_id = (SELECT id FROM tasks WHERE name = ?)"
            arguments.append(task)
        }
        if let tag = filter.tag {
            ofVersion += " AND x.id = (SELECT version_id FROM tags WHERE model_id = m.id AND name = ?)"
            arguments.append(tag)
        }
        var ofModel: [String] = []
        if let isBase = filter.isBase {
            ofModel.append("m.is_base = ?")
            arguments.append(isBase ? 1 : 0)
        }
        if let namespace = filter.namespace {
            ofModel.append("m.namespace = ?")
            arguments.append(namespace)
        }
        if let after = filter.after {
            ofModel.append("m.name > ?")
            arguments.append(after.description)
        }
        arguments.append(filter.limit ?? -1)
        let sql = """
            SELECT \(VersionRows.columns), m.versions, m.raw_bytes, m.stored_bytes
            FROM models m
            CROSS JOIN versions v ON v.id =
                (SELECT x.id FROM versions x WHERE x.model_id = m.id\(ofVersion) ORDER BY x.number DESC LIMIT 1)
            \(VersionRows.joins)
            \(ofModel.isEmpty ? "" : "WHERE " + ofModel.joined(separator: " AND "))
            ORDER BY m.name LIMIT ?
            """
        return try read { database in
            try database.rows(sql, StatementArguments(arguments)) { row in
                ModelSummary(
                    latest: try VersionRows.record(row), versionCount: try row.int(VersionRows.columnCount),
                    rawBytes: try row.int(VersionRows.columnCount + 1),
                    storedBytes: try row.int(VersionRows.columnCount + 2))
            }
        }
    }
}
