internal import HTTPTypes
internal import Hummingbird

/// What a client has to be allowed, for a route to be gone.
enum Requirement: Sendable {
    /// Nothing: the route says nothing about what is registered.
    case nothing
    /// To read something: the route looks itself at what.
    case readSomething
    /// To read the model in the path.
    case readModel
    /// To read whatever there is: what sums over all models.
    case readEverything
    /// To exchange versions with another registry: who knows what is stored by its digest sees all of it, so that takes a token
    /// for all namespaces.
    case exchange
    case writeModel
    case writeEverything
    /// To write in some namespace; the model is in the body, or there is none.
    case writeSomething
    /// To change what belongs to no model: a token of scope admin, for all namespaces.
    case administer
    /// To be known.
    case token
}

/// How long a request's body may be.
enum BodyPolicy: Sendable {
    /// As long as the server lets bodies be that are collected in memory.
    case standard
    /// So many bytes, which the route takes as they come.
    case upTo(Int)
}

/// A method on the paths of a pattern, and what answers it.
struct Route: Sendable {
    let method: HTTPRequest.Method
    let pattern: RoutePattern
    let requirement: Requirement
    let body: BodyPolicy
    /// Whether people look at what it answers: then a session says who they are as well as a token does, and failures are pages too.
    let isPage: Bool
    /// Whether it answers only for paths that fit no other route, of any method, and does not exist for other methods.
    let isFallback: Bool
    let handler: @Sendable (Exchange) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ template: String, _ requirement: Requirement, body: BodyPolicy = .standard,
        isPage: Bool = false, isFallback: Bool = false,
        _ handler: @escaping @Sendable (Exchange) async throws -> Response
    ) {
        self.method = method
        pattern = RoutePattern(template)
        self.requirement = requirement
        self.body = body
        self.isPage = isPage
        self.isFallback = isFallback
        self.handler = handler
    }

    /// A page of the console.
    static func page(
        _ template: String, _ requirement: Requirement,
        _ handler: @escaping @Sendable (Exchange) async throws -> Response
    ) -> Route {
        Route(.get, template, requirement, isPage: true, handler)
    }

    /// What a form of the console asks for.
    static func action(
        _ template: String, _ requirement: Requirement,
        _ handler: @escaping @Sendable (Exchange) async throws -> Response
    ) -> Route {
        Route(.post, template, requirement, isPage: true, handler)
    }
}

/// All routes, the first that fits a path first.
struct RouteTable: Sendable {
    enum Outcome {
        case found(Route, RoutePattern.Match)
        /// The path exists; these are the methods that it has.
        case otherMethods([HTTPRequest.Method])
        case unknown
    }

    let routes: [Route]

    /// The route for a request; a HEAD is answered by the route for GET where there is no other.
    func find(_ method: HTTPRequest.Method, _ path: PathSegments) -> Outcome {
        var methods: [HTTPRequest.Method] = []
        var get: (Route, RoutePattern.Match)?
        var fallback: (Route, RoutePattern.Match)?
        for route in routes {
            guard let match = route.pattern.match(path) else { continue }
            let isForHead = method == .head && route.method == .get
            if route.isFallback {
                if route.method == method || isForHead, fallback == nil { fallback = (route, match) }
                continue
            }
            if route.method == method { return .found(route, match) }
            if isForHead, get == nil { get = (route, match) }
            if !methods.contains(route.method) { methods.append(route.method) }
        }
        if let (route, match) = get { return .found(route, match) }
        if methods.isEmpty, let (route, match) = fallback { return .found(route, match) }
        return methods.isEmpty ? .unknown : .otherMethods(methods.contains(.get) ? methods + [.head] : methods)
    }
}
