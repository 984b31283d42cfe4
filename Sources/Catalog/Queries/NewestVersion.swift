public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The newest version of a model's `main`, nil if there is no such model.
    public func newestVersion(of model: ModelName) throws -> VersionRecord? {
        try read { database in
            try database.first(
                VersionRows.select
                    + " WHERE v.model_id = (SELECT id FROM models WHERE name = ?) AND v.on_main = 1 ORDER BY v.number DESC LIMIT 1",
                [model.description], VersionRows.record)
        }
    }

    /// The number that the next version of a model gets: 1 for a model that is not there.
    public func nextNumber(of model: ModelName) throws -> Int {
        try read { database in
            let last = try database.first(
                "SELECT last_number FROM models WHERE name = ?", [model.description]
            ) { try $0.int(0) }
            return (last ?? 0) + 1
        }
    }
}
