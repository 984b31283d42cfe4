public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// Keeps what an evaluation said of a version.
    public func addEvaluation(_ evaluation: EvaluationRecord, to version: VersionID) throws {
        try write { database in
            guard try database.exists("SELECT 1 FROM versions WHERE id = ?", [version.rawValue]) else {
                throw DeltaicError(
                    .unknownVersion, "the version was removed while it was evaluated", advice: "evaluate another one")
            }
            try database.run(
                "INSERT INTO evaluations (version_id, command, score, created_at) VALUES (?, ?, ?, ?)",
                [version.rawValue, evaluation.command, evaluation.score, evaluation.createdAt])
        }
    }

    /// The evaluations of a version, newest first.
    public func evaluations(of version: VersionID) throws -> [EvaluationRecord] {
        try read { database in
            try database.rows(
                "SELECT command, score, created_at FROM evaluations WHERE version_id = ? ORDER BY id DESC",
                [version.rawValue]
            ) { row in
                EvaluationRecord(
                    command: try row.text(0), score: try row.decode(Double.self, atIndex: 1),
                    createdAt: try row.int(2))
            }
        }
    }

    /// How a version was compressed; nil unless it was registered with lossy codecs.
    public func recipe(of version: VersionID) throws -> RecipeRecord? {
        try read { database in
            try database.first(
                "SELECT codec, recipe FROM recipes WHERE version_id = ?", [version.rawValue]
            ) { RecipeRecord(codec: try $0.text(0), json: try $0.text(1)) }
        }
    }

    /// How the lossy fine-tunes of a version were compressed.
    public func recipes(ofFineTunesOf base: VersionID) throws -> [RecipeRecord] {
        try read { database in
            try database.rows(
                "SELECT r.codec, r.recipe FROM versions v JOIN recipes r ON r.version_id = v.id WHERE v.base_version_id = ?",
                [base.rawValue]
            ) { RecipeRecord(codec: try $0.text(0), json: try $0.text(1)) }
        }
    }

    /// The newest evaluation of any version with these files; nil if there is none.
    public func score(ofTree tree: GitObjectID) throws -> Double? {
        try read { database in
            try database.first(
                """
                SELECT e.score FROM versions v JOIN evaluations e ON e.version_id = v.id
                WHERE v.tree_id = ? ORDER BY e.id DESC LIMIT 1
                """, [tree.blob]
            ) { try $0.decode(Double.self, atIndex: 0) }
        }
    }
}
