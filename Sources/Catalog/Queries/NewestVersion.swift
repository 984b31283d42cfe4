public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The newest version of a model's `main`, nil if there is no such model.
    public func newestVersion(of model: ModelName) throws -> VersionRecord? {
        try read { database in
            let id = try database.first("SELECT id FROM models WHERE name = ?", [model.description]) {
                try $0.decode(Int64.self, atIndex: 0)
            }
            return try id.flatMap { try VersionLookup(database: database, model: model).newest($0) }
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
