internal import Hummingbird

/// The `Link` header that leads a client to the next page; its address is used as it stands, so it has to be absolute.
struct PageLink {
    let exchange: Exchange

    /// - Parameter changes: query parameters with other values than in this request.
    func next(_ changes: [String: String]) -> String {
        var pairs = QueryParameters(exchange.request.uri.query ?? "").pairs.filter { changes[$0.name] == nil }
        pairs += changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let query = pairs.map { QueryParameters.encode($0.name, $0.value) }.joined(separator: "&")
        return "<\(exchange.origin)\(exchange.request.uri.path)?\(query)>; rel=\"next\""
    }
}
