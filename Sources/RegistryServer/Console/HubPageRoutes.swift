internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

/// The addresses of pages that Hub clients print: of a model, of a commit, of its files. In a browser they lead to the console.
enum HubPageRoutes {
    static let routes: [Route] = [
        Route(.get, "/{model}/commit/{revision}", .nothing) { try redirect($0, toVersion: true) },
        Route(.get, "/{model}/tree/{revision}", .nothing) { try redirect($0, toVersion: true) },
        Route(.get, "/{model}", .nothing) { try redirect($0, toVersion: false) },
    ]

    private static func redirect(_ exchange: Exchange, toVersion: Bool) throws -> Response {
        // Programs are told, as before, that there is nothing: they do not look at pages.
        guard exchange.request.headers[.accept]?.contains("text/html") == true,
            let model = try? exchange.model()
        else { throw ServerError(.notFound, "there is nothing at this path") }
        return PageResponse.seeOther(
            toVersion
                ? ConsolePaths.version("\(model)", exchange.value("revision")) : ConsolePaths.model("\(model)"))
    }
}
