internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import RegistryPages

/// Answers a request for a page: with the page, with the way to sign in, or with a page that says what went wrong.
struct PageAnswer {
    let exchange: Exchange
    let route: Route

    func response() async throws -> Response {
        do {
            try AccessCheck(principal: exchange.principal, model: exchange.model).run(route.requirement)
            return try await body()
        } catch let error as ServerError where error.status == .unauthorized && exchange.principal.token == nil {
            return PageResponse.seeOther(SessionRoutes.signInPath(returningTo: origin))
        } catch let error as ServerError {
            return Self.page(of: error, exchange)
        } catch let error as DeltaicError {
            let told = ServerError(error)
            if told.status.code >= 500 {
                exchange.logger.error(
                    "a page failed", metadata: ["error": "\(error)", "route": "\(route.pattern.template)"])
            }
            return Self.page(of: told, exchange)
        }
    }

    /// The page that was asked for, or the one whose form was sent.
    private var origin: String {
        guard route.method == .post else { return exchange.request.uri.description }
        let page = exchange.request.headers[.referer].flatMap { URLComponents(string: $0) }
        return page.map { $0.percentEncodedPath + ($0.percentEncodedQuery.map { "?" + $0 } ?? "") }
            ?? ConsolePaths.overview
    }

    private func body() async throws -> Response {
        let response = try await route.handler(exchange)
        return exchange.isHead ? response.createHeadResponse() : response
    }

    private static func page(of error: ServerError, _ exchange: Exchange) -> Response {
        let title =
            switch error.status {
            case .notFound: "Not found"
            case .forbidden: "Not allowed"
            case .badRequest: "Not understood"
            case .conflict: "Not possible as things are"
            case .serviceUnavailable: "Not now"
            default: "Something went wrong"
            }
        let page = ErrorPage(title: title, message: error.message).markup(in: PageLayout(viewer: exchange.viewer))
        var headers = error.headers
        headers[.wwwAuthenticate] = nil
        let response = PageResponse.make(page, status: error.status, headers: headers)
        return exchange.isHead ? response.createHeadResponse() : response
    }
}
