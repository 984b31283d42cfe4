public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Gives a model another name; its versions keep their numbers and commit ids.
    ///
    /// - Throws: `.unknownModel`, `.modelExists` if the name is another model's, in any letter case.
    public func rename(_ model: ModelName, to name: ModelName) throws {
        try write { database in
            let id = try VersionLookup(database: database, model: model).modelID()
            let isTaken = try database.exists(
                "SELECT 1 FROM models WHERE name = ? COLLATE NOCASE AND versions > 0 AND id <> ?",
                [name.description, id])
            guard !isTaken else { throw DeltaicError(.modelExists, "there is a model or base \(name) already") }
            // What was left of a removed model of that name: the numbers that it had given.
            try database.run(
                "DELETE FROM models WHERE name = ? AND versions = 0 AND id <> ?", [name.description, id])
            try database.run(
                "UPDATE models SET name = ?, namespace = ? WHERE id = ?", [name.description, name.namespace, id])
            try database.run(
                """
                UPDATE versions SET registered_as = nullif(coalesce(registered_as, ?), ?) WHERE model_id = ?
                """, [model.description, name.description, id])
        }
    }
}
