internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Branches and tags as Hub clients make and remove them.
enum BranchRoutes {
    static let routes: [Route] = [
        Route(.post, "/api/models/{model}/branch/{name*}", .writeModel, createBranch),
        Route(.delete, "/api/models/{model}/branch/{name*}", .writeModel, removeBranch),
        Route(.post, "/api/models/{model}/tag/{revision}", .writeModel, createTag),
        Route(.delete, "/api/models/{model}/tag/{name*}", .writeModel, removeTag),
    ]

    private struct BranchRequest: Decodable {
        let startingPoint: String?
    }

    private static func createBranch(_ exchange: Exchange) async throws -> Response {
        let body: BranchRequest = try await exchange.json("a JSON object, with a startingPoint or without")
        try await exchange.registry.createBranch(
            exchange.value("name"), at: try exchange.reference(body.startingPoint ?? "main"))
        return Response(status: .created)
    }

    private static func removeBranch(_ exchange: Exchange) async throws -> Response {
        try await exchange.registry.removeBranch(exchange.value("name"), of: try exchange.model())
        return Response(status: .noContent)
    }

    private struct TagRequest: Decodable {
        let tag: String
    }

    private static func createTag(_ exchange: Exchange) async throws -> Response {
        let body: TagRequest = try await exchange.json("a JSON object with a tag")
        try await exchange.registry.createTag(body.tag, at: try exchange.reference())
        return Response(status: .created)
    }

    private static func removeTag(_ exchange: Exchange) async throws -> Response {
        try await exchange.registry.untag(try exchange.model(), exchange.value("name"))
        return Response(status: .noContent)
    }
}
