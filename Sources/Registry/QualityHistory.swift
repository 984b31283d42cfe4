internal import Catalog
public import DeltaicCore

/// What is known of how good the versions of a model are.
public struct QualityHistory: Sendable, Codable {
    public struct Score: Sendable, Codable {
        /// Of the version.
        public let number: Int
        public let evaluation: Evaluation
    }

    /// A lossy version against the fine-tune as it was registered, over all tensors that a lossy codec was used for.
    public struct Loss: Sendable, Codable {
        /// Of the version.
        public let number: Int
        public let codec: String
        public let quality: DeltaQuality
    }

    /// In the order in which they were made.
    public let scores: [Score]
    /// The oldest version first.
    public let losses: [Loss]
}

extension ModelRegistry {
    /// What evaluations said of the versions of a model, and what lossy codecs cost.
    public func qualityHistory(of model: ModelName) throws -> QualityHistory {
        QualityHistory(
            scores: try catalog.evaluations(ofVersionsOf: model).map {
                QualityHistory.Score(number: $0.number, evaluation: Evaluation($0.evaluation))
            },
            losses: try catalog.losses(ofVersionsOf: model).map {
                QualityHistory.Loss(number: $0.number, codec: $0.loss.codec, quality: DeltaQuality($0.loss))
            })
    }
}
