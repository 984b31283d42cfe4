internal import HTTPTypes
internal import Hummingbird

/// Calls of Hub clients that this server knows and does not do: each says so in words, to those who may write.
enum UnsupportedRoutes {
    static let routes: [Route] =
        writing.map { route($0.0, $0.1, .writeModel, "this server does not take uploads yet") }
        + creating.map { route($0.0, $0.1, .writeSomething, "this server does not take uploads yet") }
        + [
            route(.get, "/api/models/{model}/discussions", .readModel, "this server has no discussions"),
            route(
                .get, "/api/models/{model}/xet-read-token/{revision}", .readModel, "files are served over plain HTTP"),
        ]

    private static let writing: [(HTTPRequest.Method, String)] = [
        (.post, "/api/models/{model}/preupload/{revision}"), (.post, "/api/models/{model}/commit/{revision}"),
        (.post, "/api/models/{model}/branch/{name*}"),
        (.delete, "/api/models/{model}/branch/{name*}"), (.post, "/api/models/{model}/tag/{revision}"),
        (.delete, "/api/models/{model}/tag/{name*}"), (.put, "/api/models/{model}/settings"),
        (.post, "/api/models/{model}/super-squash/{name*}"), (.post, "/api/models/{model}/discussions"),
        (.post, "/{model}.git/info/lfs/locks/verify"), (.post, "/{model}.git/info/lfs/locks"),
    ]

    private static let creating: [(HTTPRequest.Method, String)] = [
        (.post, "/api/repos/create"), (.delete, "/api/repos/delete"), (.post, "/api/repos/move"),
        (.post, "/api/validate-yaml"),
    ]

    private static func route(
        _ method: HTTPRequest.Method, _ template: String, _ requirement: Requirement, _ message: String
    ) -> Route {
        Route(method, template, requirement) { _ in
            throw ServerError(.notImplemented, code: .notImplemented, message)
        }
    }
}
