internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Registry
internal import RegistryClient

/// `/v1/imports`: the server itself fetches a model from another, and registers it.
enum ImportRoutes {
    static let routes: [Route] = [
        Route(.post, "/v1/imports", .writeSomething, begin), Route(.get, "/v1/imports", .readSomething, list),
        Route(.get, "/v1/imports/{job}", .readSomething, show),
    ]

    /// What is to be imported, from where, and as what.
    struct ImportRequest: Decodable {
        let model: String
        let from: String
        let revision: String?
        let name: String?
        let base: String?
        let task: String?
    }

    private static func begin(_ exchange: Exchange) async throws -> Response {
        let body: ImportRequest = try await exchange.json(
            #"a JSON object: {"model": "org/name", "from": "https://..."}, perhaps with revision, name, base and task"#)
        return try JSONResponse.make(try await begin(body, exchange), status: .accepted)
    }

    /// Begins an import for whoever may write what it becomes.
    static func begin(_ body: ImportRequest, _ exchange: Exchange) async throws -> ImportJobs.Job {
        let model = try ModelName(body.model)
        let name = try body.name.map { try ModelName($0) } ?? model
        try AccessCheck(principal: exchange.principal, model: { name }).run(.writeModel)
        let url = try Remote.checked(body.from)
        // Whoever may write may not have the server ask whatever it can reach.
        guard let source = exchange.services.options.importSources.first(where: { $0.url == url }) else {
            throw ServerError(
                .forbidden, "this server imports nothing from there; whoever runs it can allow it with --import-from")
        }
        let base = try body.base.map { try VersionReference($0) }
        if let base { _ = try exchange.registry.describe(base) }
        if let task = body.task { try ModelName.check(task, kind: "task", limit: 96) }
        let request = HubImport(
            model: model, url: url, revision: body.revision ?? "main", token: source.token, name: name, base: base,
            task: body.task)
        let (registry, logger) = (exchange.registry, exchange.logger)
        return try await exchange.services.imports.begin(
            ImportJobs.Job(
                id: exchange.id, model: "\(model)", from: url, revision: request.revision, name: "\(name)")
        ) { progress in
            do {
                return try await registry.importModel(request, progress: progress)
            } catch {
                logger.error(
                    "an import failed", metadata: ["model": "\(model)", "from": "\(url)", "error": "\(error)"])
                throw error
            }
        }
    }

    private static func list(_ exchange: Exchange) async throws -> Response {
        let jobs = await exchange.services.imports.all().filter { Self.mayRead($0, exchange) }
        return try JSONResponse.make(["imports": jobs])
    }

    private static func show(_ exchange: Exchange) async throws -> Response {
        guard let job = await exchange.services.imports.job(exchange.value("job")), Self.mayRead(job, exchange) else {
            throw ServerError(.notFound, "there is no such import, or no longer: the server was started since")
        }
        return try JSONResponse.make(job)
    }

    static func mayRead(_ job: ImportJobs.Job, _ exchange: Exchange) -> Bool {
        (try? ModelName(job.name)).map(exchange.principal.mayRead) ?? false
    }
}
