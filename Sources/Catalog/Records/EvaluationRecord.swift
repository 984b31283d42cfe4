/// What a user's command said of a version.
public struct EvaluationRecord: Hashable, Sendable {
    public let command: String
    public let score: Double
    /// Seconds since 1970.
    public let createdAt: Int

    public init(command: String, score: Double, createdAt: Int) {
        self.command = command
        self.score = score
        self.createdAt = createdAt
    }
}
