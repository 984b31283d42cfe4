public import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// How many models are built on a version of this one.
    ///
    /// - Parameter namespace: only of its models; nil for all.
    public func fineTuneCount(of base: ModelName, namespace: String? = nil) throws -> Int {
        let condition = NamespaceCondition(namespace)
        return try read { database in
            try database.first(
                """
                SELECT count(DISTINCT model_id) FROM versions
                WHERE base_version_id IN (SELECT v.id FROM versions v JOIN models m ON m.id = v.model_id WHERE m.name = ?3)
                \(condition.sql(ofModel: "model_id"))
                """,
                StatementArguments(condition.arguments.isEmpty ? ["", ""] : condition.arguments)
                    + [base.description]
            ) { try $0.int(0) } ?? 0
        }
    }

    /// What every evaluation of a model's versions said, with the number of the version; oldest first.
    public func evaluations(ofVersionsOf model: ModelName) throws -> [(number: Int, evaluation: EvaluationRecord)] {
        try read { database in
            try database.rows(
                """
                SELECT e.command, e.score, e.created_at, v.number FROM versions v JOIN evaluations e ON e.version_id = v.id
                WHERE v.model_id = (SELECT id FROM models WHERE name = ?) ORDER BY e.id
                """, [model.description]
            ) { row in
                (
                    try row.int(3),
                    EvaluationRecord(
                        command: try row.text(0), score: try row.decode(Double.self, atIndex: 1),
                        createdAt: try row.int(2))
                )
            }
        }
    }

    /// The sums behind the quality figures of a model's lossy versions, over all tensors of each; the oldest first.
    public func losses(ofVersionsOf model: ModelName) throws -> [(number: Int, loss: TensorLoss)] {
        try read { database in
            try database.rows(
                """
                SELECT v.number, r.codec, sum(q.elements), sum(q.changed), sum(q.same_sign), sum(q.delta_squares),
                    sum(q.reconstructed_squares), sum(q.product), sum(q.weight_squares), sum(q.error_squares)
                FROM versions v JOIN recipes r ON r.version_id = v.id
                CROSS JOIN files f ON f.version_id = v.id CROSS JOIN tensor_quality q ON q.file_id = f.id
                WHERE v.model_id = (SELECT id FROM models WHERE name = ?) GROUP BY v.id ORDER BY v.number
                """, [model.description]
            ) { row in
                let sums = try (5...9).map { try row.decode(Double.self, atIndex: $0) }
                return (
                    try row.int(0),
                    TensorLoss(
                        codec: try row.text(1), elements: try row.int(2), changed: try row.int(3),
                        sameSign: try row.int(4), deltaSquares: sums[0], reconstructedSquares: sums[1],
                        product: sums[2], weightSquares: sums[3], errorSquares: sums[4])
                )
            }
        }
    }
}
