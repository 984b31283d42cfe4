internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Sends a client that writes a model's name in other letters to the name as it was registered.
struct CanonicalNameRedirect {
    let exchange: Exchange

    /// Nil if there is no such model in other letters, or the client may not see it.
    func response() throws -> Response? {
        guard let range = exchange.match.model, let asked = try? exchange.model(),
            let name = try exchange.registry.canonicalName(asked), name != asked, exchange.principal.mayRead(name)
        else { return nil }
        let suffix = exchange.path.decoded[range.upperBound - 1].hasSuffix(".git") ? ".git" : ""
        var parts = exchange.path.raw.map(String.init)
        parts.replaceSubrange(range, with: (name.description + suffix).split(separator: "/").map(String.init))
        var location = "/" + parts.joined(separator: "/")
        // Clients of 2025 drop a query or loop over it where they follow redirects themselves: for files, which need none.
        if parts.first == "api" || parts.first == "v1", let query = exchange.request.uri.query {
            location += "?" + query
        }
        return Response(status: .temporaryRedirect, headers: [.location: location])
    }
}
