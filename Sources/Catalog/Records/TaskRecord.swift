/// What fine-tunes are for.
public struct TaskRecord: Hashable, Sendable {
    public let name: String
    public let description: String?
    /// The number of models with a version for this task.
    public let modelCount: Int
}
