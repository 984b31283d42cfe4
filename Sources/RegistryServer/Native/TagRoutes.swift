internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// `/v1/models/{model}/tags` and `/v1/tasks`.
enum TagRoutes {
    static let routes: [Route] = [
        Route(.get, "/v1/models/{model}/tags", .readModel, list),
        Route(.put, "/v1/models/{model}/tags/{tag}", .writeModel, set),
        Route(.delete, "/v1/models/{model}/tags/{tag}", .writeModel, remove),
        Route(.get, "/v1/tasks", .readEverything, tasks),
        Route(.put, "/v1/tasks/{task}", .writeEverything, setTask),
    ]

    private struct Tag: Encodable {
        let name: String
        let version: Int
        let commit: GitObjectID
    }

    private static func list(_ exchange: Exchange) throws -> Response {
        let versions = try exchange.registry.log(of: try exchange.model())
        let tags = versions.flatMap { version in
            version.tags.map { Tag(name: $0, version: version.number, commit: version.commit) }
        }
        return try JSONResponse.make(["tags": tags.sorted { $0.name < $1.name }])
    }

    private struct TagRequest: Decodable {
        let version: String
    }

    private static func set(_ exchange: Exchange) async throws -> Response {
        let body: TagRequest = try await exchange.json("a JSON object with a version: {\"version\": \"v2\"}")
        let (reference, tag, registry) = (
            try exchange.reference(body.version), exchange.value("tag"), exchange.registry
        )
        let version = try await registry.tag(reference, as: tag)
        return try JSONResponse.make(
            Tag(name: tag, version: version.number, commit: version.commit))
    }

    private static func remove(_ exchange: Exchange) async throws -> Response {
        let (model, tag, registry) = (try exchange.model(), exchange.value("tag"), exchange.registry)
        try await registry.untag(model, tag)
        return Response(status: .noContent)
    }

    private static func tasks(_ exchange: Exchange) throws -> Response {
        try JSONResponse.make(["tasks": try exchange.registry.tasks()])
    }

    private struct TaskRequest: Decodable {
        let description: String?
    }

    private static func setTask(_ exchange: Exchange) async throws -> Response {
        let body: TaskRequest = try await exchange.json("a JSON object, with a description or without")
        let (name, registry) = (exchange.value("task"), exchange.registry)
        try await registry.addTask(name, description: body.description)
        guard let task = try registry.tasks().first(where: { $0.name == name }) else {
            throw ServerError(.internalServerError, "the task vanished a moment after it was added")
        }
        return try JSONResponse.make(task)
    }
}
