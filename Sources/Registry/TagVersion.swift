internal import Catalog
public import DeltaicCore

/// A task as `task list` shows it.
public struct TaskListing: Sendable, Codable {
    public let name: String
    public let description: String?
    public let modelCount: Int
}

extension ModelRegistry {
    /// Points a tag at a version, moving it if it exists.
    public func tag(_ reference: VersionReference, as tag: String) async throws -> VersionSummary {
        let lock = try await lockForWriting()
        defer { withExtendedLifetime(lock) {} }
        let version = try catalog.version(reference)
        try catalog.setTag(model: version.model, tag: tag, version: version.id)
        return VersionSummary(try catalog.version(id: version.id) ?? version)
    }

    /// Takes a tag away.
    /// - Throws: a `notFound` error if the model has no such tag.
    public func untag(_ model: ModelName, _ tag: String) async throws {
        let lock = try await lockForWriting()
        defer { withExtendedLifetime(lock) {} }
        try catalog.removeTag(model: model, tag: tag)
    }

    /// Adds a task, or gives an existing one another description.
    public func addTask(_ name: String, description: String?) async throws {
        let lock = try await lockForWriting()
        defer { withExtendedLifetime(lock) {} }
        try catalog.addTask(name, description: description)
    }

    /// All tasks by name.
    public func tasks() throws -> [TaskListing] {
        try catalog.tasks().map {
            TaskListing(name: $0.name, description: $0.description, modelCount: $0.modelCount)
        }
    }
}
