internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Making, renaming and removing models as Hub clients do.
enum RepositoryRoutes {
    static let routes: [Route] = [
        Route(.post, "/api/repos/create", .writeSomething, create),
        Route(.delete, "/api/repos/delete", .writeSomething, delete),
        Route(.post, "/api/repos/move", .writeSomething, move),
        Route(.put, "/api/models/{model}/settings", .writeModel, settings),
        Route(.post, "/api/validate-yaml", .writeSomething, validateCard),
    ]

    private struct RepositoryRequest: Decodable {
        let name: String
        let organization: String?
        let type: String?
        let visibility: String?
        let isPrivate: Bool?

        enum CodingKeys: String, CodingKey {
            case name, organization, type, visibility
            case isPrivate = "private"
        }
    }

    private struct CreatedRepository: Encodable {
        let url: String
        let name: String
        let id: String
        var error: String?
    }

    private static let form = "a JSON object with a name, and perhaps an organization"

    private static func create(_ exchange: Exchange) async throws -> Response {
        let body: RepositoryRequest = try await exchange.json(form)
        let model = try model(body, exchange)
        try checkVisibility(isPrivate: body.isPrivate, body.visibility, exchange)
        var answer = CreatedRepository(
            url: "\(exchange.origin)/\(model)", name: "\(model)", id: "\(model)")
        do {
            _ = try await exchange.registry.createModel(model)
        } catch let error as DeltaicError where error.code.word == "modelExists" {
            answer.error = "there is a model or base \(model) already"
            return try JSONResponse.make(answer, status: .conflict, headers: [.errorMessage: answer.error ?? ""])
        }
        return try JSONResponse.make(answer)
    }

    private static func delete(_ exchange: Exchange) async throws -> Response {
        let body: RepositoryRequest = try await exchange.json(form)
        _ = try await exchange.registry.remove(try model(body, exchange))
        exchange.services.content.closeRemoved()
        return JSONResponse.make(text: "{}".utf8)
    }

    private struct MoveRequest: Decodable {
        let fromRepo: String
        let toRepo: String
        let type: String?
    }

    private static func move(_ exchange: Exchange) async throws -> Response {
        let body: MoveRequest = try await exchange.json("a JSON object with fromRepo and toRepo")
        try checkType(body.type)
        let (from, to) = (try writable(body.fromRepo, exchange), try writable(body.toRepo, exchange))
        try await exchange.registry.rename(from, to: to)
        return try JSONResponse.make(["url": "\(exchange.origin)/\(to)"])
    }

    private struct SettingsRequest: Decodable {
        let isPrivate: Bool?
        let visibility: String?

        enum CodingKeys: String, CodingKey {
            case visibility
            case isPrivate = "private"
        }
    }

    private static func settings(_ exchange: Exchange) async throws -> Response {
        let body: SettingsRequest = try await exchange.json("a JSON object")
        _ = try exchange.registry.files(of: exchange.reference("main"))
        guard body.isPrivate != nil || body.visibility != nil else {
            throw ServerError(.notImplemented, code: .notImplemented, "models have no settings of their own here")
        }
        try checkVisibility(isPrivate: body.isPrivate, body.visibility, exchange)
        return JSONResponse.make(text: "{}".utf8)
    }

    private struct CardRequest: Decodable {
        let content: String
    }

    private struct CardReport: Encodable {
        struct Problem: Encodable {
            let message: String
        }

        let errors: [Problem]
        let warnings: [Problem] = []
        var error: String?
    }

    private static func validateCard(_ exchange: Exchange) async throws -> Response {
        let body: CardRequest = try await exchange.json("a JSON object with the content of a model card")
        guard let problem = exchange.registry.problem(inCard: body.content) else {
            return try JSONResponse.make(CardReport(errors: []))
        }
        return try JSONResponse.make(CardReport(errors: [.init(message: problem)], error: problem), status: .badRequest)
    }

    // MARK: - Names and scopes

    private static func model(_ body: RepositoryRequest, _ exchange: Exchange) throws -> ModelName {
        try checkType(body.type)
        guard !body.name.contains("/") else { return try writable(body.name, exchange) }
        guard let namespace = body.organization ?? exchange.principal.token.map({ $0.namespace ?? $0.name }) else {
            throw ServerError(.unauthorized, "there is no token")
        }
        return try writable("\(namespace)/\(body.name)", exchange)
    }

    private static func checkType(_ type: String?) throws {
        guard type == nil || type == "model" else {
            throw ServerError(.notImplemented, code: .notImplemented, "this server keeps models only")
        }
    }

    private static func writable(_ name: String, _ exchange: Exchange) throws -> ModelName {
        let model = try ModelName(name)
        try AccessCheck(principal: exchange.principal, model: { model }).run(.writeModel)
        return model
    }

    /// Who may read is said when the server is started, and for all models.
    private static func checkVisibility(isPrivate: Bool?, _ visibility: String?, _ exchange: Exchange) throws {
        guard isPrivate == true || (visibility != nil && visibility != "public"), exchange.principal.allowsAnonymousRead
        else { return }
        throw ServerError(
            .notImplemented, code: .notImplemented,
            "this server lets anybody read, so it has no private models; leave out `private`")
    }
}
