internal import DeltaicCore
internal import GRDB

/// Which schema a catalog file has, and how it gets the newest.
enum CatalogMigrations {
    /// "DLTC" as a big-endian number, set by the first migration.
    static let applicationID = 1_145_852_995

    static func migrator(_ migrations: [(name: String, sql: String)]) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, sql) in migrations {
            migrator.registerMigration(name) { try $0.execute(sql: sql) }
        }
        return migrator
    }

    /// Refuses what is no catalog, or one that this code cannot read.
    static func check(_ database: Database, _ migrator: DatabaseMigrator, path: String, mayMigrate: Bool) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA application_id")
        guard found == applicationID else {
            throw DeltaicError.damagedRow("the file is an SQLite database, but no catalog of Deltaic")
        }
        if try migrator.hasBeenSuperseded(database) {
            throw DeltaicError(
                .unsupported, "the catalog was written by a newer version of Deltaic", at: [path],
                advice: "use that version, or a newer one")
        }
        if try !mayMigrate && !migrator.hasCompletedMigrations(database) {
            throw DeltaicError(
                .unsupported, "the catalog has an older schema and is open for reading only", at: [path],
                advice: "run any command that may write, which brings it up to date")
        }
    }
}
