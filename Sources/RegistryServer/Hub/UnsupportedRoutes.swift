internal import HTTPTypes
internal import Hummingbird

/// Calls of Hub clients that this server knows and does not do: each says so in words, to those who may write.
enum UnsupportedRoutes {
    static let routes: [Route] =
        [
            route(
                .post, "/api/models/{model}/super-squash/{name*}", .writeModel,
                "the history of a model cannot be squashed"),
            route(.post, "/api/models/{model}/discussions", .writeModel, "this server has no discussions"),
            route(.post, "/{model}.git/info/lfs/locks/verify", .writeModel, "this server has no locks"),
            route(.post, "/{model}.git/info/lfs/locks", .writeModel, "this server has no locks"),
            route(.get, "/api/models/{model}/discussions", .readModel, "this server has no discussions"),
            route(
                .get, "/api/models/{model}/xet-read-token/{revision}", .readModel, "files are served over plain HTTP"),
        ]

    private static func route(
        _ method: HTTPRequest.Method, _ template: String, _ requirement: Requirement, _ message: String
    ) -> Route {
        Route(method, template, requirement) { _ in
            throw ServerError(.notImplemented, code: .notImplemented, message)
        }
    }
}
