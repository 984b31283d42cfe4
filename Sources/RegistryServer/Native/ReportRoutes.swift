internal import DeltaicCore
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// `/v1/savings` and `/v1/diff`.
enum ReportRoutes {
    static let routes: [Route] = [
        Route(.get, "/v1/savings", .readEverything, savings), Route(.get, "/v1/diff", .readSomething, diff),
    ]

    /// How long a client is kept waiting for a comparison.
    private static let patience = Duration.seconds(600)

    private static func savings(_ exchange: Exchange) throws -> Response {
        let text = exchange.query("by") ?? SavingsReport.Grouping.model.rawValue
        guard let grouping = SavingsReport.Grouping(rawValue: text) else {
            throw ServerError(.badRequest, "savings are grouped by model, base, task or codec")
        }
        return try JSONResponse.make(try exchange.registry.savings(by: grouping))
    }

    private static func diff(_ exchange: Exchange) async throws -> Response {
        guard let left = exchange.query("left"), let right = exchange.query("right") else {
            throw ServerError(.badRequest, "name two versions: left=acme/model@v1&right=acme/model@v2")
        }
        let pair = try Comparisons.pair(left, right, for: exchange)
        switch try await exchange.services.comparisons.state(of: pair, patience: Self.patience) {
        case .known(let comparison): return try JSONResponse.make(comparison)
        case .failed(let error): throw error
        case .working:
            throw ServerError(
                .serviceUnavailable, code: .working, "this takes a while; ask again for what comes of it",
                headers: [.retryAfter: "5"])
        }
    }
}
