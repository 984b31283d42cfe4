internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// What the Hub's API says of one model: its state, references, history.
enum HubModelRoutes {
    static let routes: [Route] = [
        Route(.get, "/api/models/{model}/revision/{revision}", .readModel, info),
        Route(.get, "/api/models/{model}/refs", .readModel, references),
        Route(.get, "/api/models/{model}/commits/{revision}", .readModel, commits),
        Route(.get, "/api/models/{model}/auth-check", .readModel, authCheck),
        Route(.get, "/api/models/{model}", .readModel, info),
    ]

    private static func info(_ exchange: Exchange) throws -> Response {
        let (version, files) = try exchange.registry.files(of: exchange.reference())
        let expanded = exchange.queries("expand").flatMap { $0.split(separator: ",") }.map(String.init)
        let isFull = try exchange.flag("blobs") ?? false
        var model = HubModel(
            version, isPrivate: !exchange.principal.allowsAnonymousRead,
            storedBytes: try exchange.registry.listing(of: try exchange.model()).storedBytes,
            siblings: files.map { HubModel.Sibling($0, isFull: isFull) })
        if expanded.isEmpty || expanded.contains("safetensors") {
            let counts = try exchange.registry.parameterCounts(of: exchange.reference(version.commit.hex))
            if !counts.isEmpty {
                model.safetensors = HubModel.Parameters(parameters: counts, total: counts.values.reduce(0, +))
            }
        }
        let headers: HTTPFields = [.repoCommit: version.commit.hex]
        guard !expanded.isEmpty else { return try JSONResponse.make(model, headers: headers) }
        // What was asked for, and null for what is not known here.
        return try JSONResponse.make(SelectedProperties(model, names: ["id", "_id"] + expanded), headers: headers)
    }

    private struct References: Encodable {
        struct Reference: Encodable {
            let name: String
            let ref: String
            let targetCommit: String
        }

        let branches: [Reference]
        let tags: [Reference]
        let converts: [Reference] = []
        var pullRequests: [Reference]?
    }

    private static func references(_ exchange: Exchange) throws -> Response {
        let found = try exchange.registry.gitReferences(of: try exchange.model())
        return try JSONResponse.make(
            References(
                branches: found.branches.map {
                    .init(name: $0.name, ref: "refs/heads/\($0.name)", targetCommit: $0.commit.hex)
                },
                tags: found.ownTags.map {
                    .init(name: $0.name, ref: "refs/tags/\($0.name)", targetCommit: $0.commit.hex)
                },
                pullRequests: try exchange.flag("include_prs") ?? exchange.flag("include_pull_requests") == true
                    ? [] : nil))
    }

    private struct Commit: Encodable {
        struct Author: Encodable {
            let user: String
        }

        let id: String
        let title: String
        let message: String
        let date: String
        let authors: [Author]

        init(_ version: VersionSummary) {
            id = version.commit.hex
            title = version.title
            let text = version.message?.drop { $0.isNewline } ?? ""
            message = String(text.dropFirst(version.title.count).drop { $0.isNewline })
            date = HubDate.text(version.createdAt)
            authors = [Author(user: "deltaic")]
        }
    }

    private static func commits(_ exchange: Exchange) throws -> Response {
        let all = try exchange.registry.history(of: exchange.reference())
        guard let start = all.first else { throw ServerError(.internalServerError, "a version has no history") }
        let limit = try exchange.number("limit", in: 1...1000) ?? 100
        let page = try exchange.number("p", in: 0...1_000_000) ?? 0
        let shown = all.dropFirst(page * limit).prefix(limit)
        var headers: HTTPFields = [.repoCommit: start.commit.hex]
        headers[.totalCount] = "\(all.count)"
        if (page + 1) * limit < all.count {
            headers[.link] = PageLink(exchange: exchange).next(["limit": "\(limit)", "p": "\(page + 1)"])
        }
        return try JSONResponse.make(shown.map(Commit.init), headers: headers)
    }

    private static func authCheck(_ exchange: Exchange) throws -> Response {
        _ = try exchange.registry.files(of: exchange.reference("main"))
        return JSONResponse.make(text: "{}".utf8)
    }
}
