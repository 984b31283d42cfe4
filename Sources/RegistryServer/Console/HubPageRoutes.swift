internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import RegistryPages

/// The addresses of pages that Hub clients print: of a model, of a commit, of its files.
///
/// In a browser they lead to the console.
enum HubPageRoutes {
    static let routes: [Route] =
        [
            "/{model}/commit/{revision}", "/{model}/tree/{revision}", "/{model}/tree/{revision}/{path*}",
            "/{model}/blob/{revision}/{path*}", "/{model}",
        ].map { Route(.get, $0, .nothing, isFallback: true, redirect) }

    private static func redirect(_ exchange: Exchange) throws -> Response {
        // Programs are told, as before, that there is nothing: they do not look at pages.
        guard exchange.request.headers[.accept]?.contains("text/html") == true,
            let model = try? exchange.model()
        else { throw ServerError(.notFound, "there is nothing at this path") }
        let revision = exchange.value("revision")
        return PageResponse.seeOther(
            revision.isEmpty ? ConsolePaths.model("\(model)") : ConsolePaths.version("\(model)", revision))
    }
}
