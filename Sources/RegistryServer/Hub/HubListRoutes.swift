internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The Hub's list of models, and who a token belongs to.
enum HubListRoutes {
    static let routes: [Route] = [
        Route(.get, "/api/models", .readSomething, list),
        Route(.get, "/api/whoami-v2", .token, whoami),
    ]

    private static let longestPage = 1000

    private static func list(_ exchange: Exchange) throws -> Response {
        guard var filter = try filter(exchange) else { return try JSONResponse.make([HubModel]()) }
        let limit = try exchange.number("limit", in: 0...1_000_000) ?? longestPage
        let pageSize = min(limit, longestPage)
        guard pageSize > 0 else { return try JSONResponse.make([HubModel]()) }
        filter.limit = pageSize
        let page = try exchange.registry.page(filter)
        let isFull = try exchange.flag("full") ?? false
        let models = try page.models.map { model in
            HubModel(
                model.latest, isPrivate: !exchange.principal.allowsAnonymousRead, storedBytes: model.storedBytes,
                siblings: isFull
                    ? try exchange.registry.files(of: VersionReference(model.latest.reference)).files.map {
                        HubModel.Sibling($0, isFull: false)
                    } : nil)
        }
        var headers: HTTPFields = [:]
        if let cursor = page.next {
            headers[.link] = PageLink(exchange: exchange).next(["limit": "\(pageSize)", "cursor": "\(cursor)"])
        }
        return try JSONResponse.make(models, headers: headers)
    }

    /// Nil if nothing can pass.
    private static func filter(_ exchange: Exchange) throws -> ListFilter? {
        var filter = ListFilter()
        filter.search = exchange.query("search")
        filter.namespace = exchange.query("author")
        if let own = exchange.principal.listedNamespace {
            guard filter.namespace == nil || filter.namespace == own else { return nil }
            filter.namespace = own
        }
        for word in exchange.queries("filter") + exchange.queries("pipeline_tag").map({ HubTags.task + $0 }) {
            if word == "safetensors" { continue }
            if word.hasPrefix(HubTags.base) {
                guard filter.base == nil, let base = try? ModelName(String(word.dropFirst(HubTags.base.count))),
                    try exchange.registry.canonicalName(base) == base
                else { return nil }
                filter.base = base
            } else {
                guard filter.task == nil else { return nil }
                filter.task = word.hasPrefix(HubTags.task) ? String(word.dropFirst(HubTags.task.count)) : word
            }
        }
        let isAscending = exchange.query("direction") == "1"
        switch exchange.query("sort") {
        case nil: filter.order = ListOrder(.name, descending: false)
        case "createdAt", "created_at", "lastModified", "last_modified":
            filter.order = ListOrder(.created, descending: !isAscending)
        // Nobody counts these here, so the newest come first.
        case "downloads", "likes", "trendingScore", "trending_score":
            filter.order = ListOrder(.created, descending: true)
        default:
            throw ServerError(.badRequest, "models cannot be sorted by this; createdAt and lastModified are known")
        }
        filter.after = try exchange.query("cursor").map { try ListCursor.parse($0) }
        return filter
    }

    private struct Identity: Encodable {
        struct Organization: Encodable {
            let name: String
            let type = "org"
            let roleInOrg: String
        }

        struct Auth: Encodable {
            struct Token: Encodable {
                let displayName: String
                let role: String
            }

            let type = "access_token"
            let accessToken: Token
        }

        let type = "user"
        let name: String
        let fullname: String
        let orgs: [Organization]
        let auth: Auth
    }

    private static func whoami(_ exchange: Exchange) throws -> Response {
        guard let token = exchange.principal.token else { throw ServerError(.unauthorized, "there is no token") }
        let role = token.scope == .read ? "read" : "write"
        return try JSONResponse.make(
            Identity(
                name: token.namespace ?? token.name, fullname: token.name,
                orgs: token.namespace.map { [.init(name: $0, roleInOrg: token.scope.rawValue)] } ?? [],
                auth: .init(accessToken: .init(displayName: token.name, role: role))))
    }
}
