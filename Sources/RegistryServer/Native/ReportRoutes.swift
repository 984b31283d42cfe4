internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// `/v1/savings` and `/v1/diff`.
enum ReportRoutes {
    static func routes(comparisons: Comparisons) -> [Route] {
        [
            Route(.get, "/v1/savings", .readEverything, savings),
            Route(.get, "/v1/diff", .readSomething) { try await diff($0, comparisons) },
        ]
    }

    private static func savings(_ exchange: Exchange) throws -> Response {
        let text = exchange.query("by") ?? SavingsReport.Grouping.model.rawValue
        guard let grouping = SavingsReport.Grouping(rawValue: text) else {
            throw ServerError(.badRequest, "savings are grouped by model, base, task or codec")
        }
        return try JSONResponse.make(try exchange.registry.savings(by: grouping))
    }

    private static func diff(_ exchange: Exchange, _ comparisons: Comparisons) async throws -> Response {
        let sides = try ["left", "right"].map { name in
            guard let text = exchange.query(name) else {
                throw ServerError(.badRequest, "name two versions: left=acme/model@v1&right=acme/model@v2")
            }
            let reference = try VersionReference(text)
            guard exchange.principal.mayRead(reference.model) else {
                throw ServerError(
                    .notFound, code: .repositoryNotFound, "there is no model or base \(reference.model)")
            }
            let version = try exchange.registry.files(of: reference).version
            return VersionReference(model: reference.model, selector: .commit(version.commit.hex))
        }
        return JSONResponse.make(text: try await comparisons.json(sides[0], sides[1], exchange.registry))
    }
}
