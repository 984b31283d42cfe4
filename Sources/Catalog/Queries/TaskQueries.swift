internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Adds a task, or describes one that exists if a description is given.
    ///
    /// - Throws: `.invalidName`.
    public func addTask(_ name: String, description: String? = nil) throws {
        try ModelName.check(name, kind: "task", limit: 96)
        try write { database in
            try database.run(
                """
                INSERT INTO tasks (name, description) VALUES (?, ?)
                ON CONFLICT (name) DO UPDATE SET description = coalesce(excluded.description, description)
                """, [name, description])
        }
    }

    /// Every task, sorted by name.
    public func tasks() throws -> [TaskRecord] {
        try read { database in
            try database.rows(
                """
                SELECT name, description, (SELECT count(DISTINCT model_id) FROM versions WHERE task_id = tasks.id)
                FROM tasks ORDER BY name
                """
            ) { row in
                TaskRecord(
                    name: try row.text(0), description: try row.ifPresent(1, row.text), modelCount: try row.int(2))
            }
        }
    }
}
