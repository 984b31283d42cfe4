internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Registry

/// Answers every request: finds the route, checks who may use it, and tells failures in the words of Hub clients.
struct RegistryResponder: HTTPResponder {
    typealias Context = RegistryRequestContext

    let services: ServerServices
    let routes: RouteTable
    let authentication: Authentication
    let limiter: RequestLimiter

    func respond(to request: Request, context: RegistryRequestContext) async throws -> Response {
        let started = ContinuousClock.now
        let id = Self.requestID()
        var logger = context.logger
        logger[metadataKey: "hb.request.id"] = nil
        logger[metadataKey: "request"] = "\(id)"
        services.metrics.began()
        let client = ClientAddress(request, context, services.options)
        var record = RequestRecord(request: request, client: client.text)
        var response: Response
        do {
            response = try await answer(request, context, client, id: id, logger: logger, record: &record)
        } catch {
            response = failure(error, request, logger: logger, route: record.route)
        }
        response.headers[.requestID] = id
        response.headers[.xContentTypeOptions] = "nosniff"
        return record.watching(response, started: started, metrics: services.metrics, logger: logger)
    }

    private func answer(
        _ request: Request, _ context: RegistryRequestContext, _ client: ClientAddress, id: String, logger: Logger,
        record: inout RequestRecord
    ) async throws -> Response {
        guard let path = PathSegments(path: request.uri.path) else {
            throw ServerError(.badRequest, "the path has a broken percent escape, or bytes that are no text in UTF-8")
        }
        let outcome = routes.find(request.method, path)
        try checkBody(of: request, outcome)
        var isPage = false
        if case .found(let route, _) = outcome {
            record.route = route.pattern.template
            isPage = route.isPage
        }
        try CrossSiteCheck(request, origin: ClientAddress.origin(request, services.options)).run()
        var identified = Result { try authentication.principal(of: request, isPage: isPage) }
        record.token = try? identified.get().token?.name
        if case .found(let route, _) = outcome, case .nothing = route.requirement, !isPage {
            // Open to all: to those with a wrong token too.
            identified = .success(Principal(token: nil, allowsAnonymousRead: false))
        } else {
            try await limiter.admit(record.token.map { "token " + $0 } ?? client.rateKey, metrics: services.metrics)
        }
        switch outcome {
        case .unknown:
            throw ServerError(.notFound, "there is nothing at this path")
        case .otherMethods(let methods):
            let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
            throw ServerError(
                .methodNotAllowed, "this path takes only \(allowed)", headers: [.allow: allowed])
        case .found(let route, let match):
            let exchange = Exchange(
                request: request, id: id, path: path, match: match, principal: try identified.get(),
                services: services, channel: context.channel, logger: logger,
                origin: ClientAddress.origin(request, services.options))
            do {
                guard !route.isPage else { return try await PageAnswer(exchange: exchange, route: route).response() }
                try AccessCheck(principal: exchange.principal, model: exchange.model).run(route.requirement)
                if case .upTo(let limit) = route.body {
                    try await BodyLimitHandler.expectStream(
                        upTo: limit, patience: services.options.stallTimeout, on: context.channel)
                }
                let response = try await route.handler(exchange)
                return request.method == .head ? response.createHeadResponse() : response
            } catch  where Self.isUnknownModel(error) {
                // Refused for its namespace, a name may still be that of the client's own in other letters.
                if let redirect = try CanonicalNameRedirect(exchange: exchange).response() { return redirect }
                throw error
            }
        }
    }

    private static func isUnknownModel(_ error: any Error) -> Bool {
        switch error {
        case let error as DeltaicError: error.code.word == "unknownModel"
        case let error as ServerError:
            error.status == .notFound && error.code == ServerError.Code.repositoryNotFound.rawValue
        default: false
        }
    }

    private func checkBody(of request: Request, _ outcome: RouteTable.Outcome) throws {
        guard let length = request.headers[.contentLength] else { return }
        var limit = services.options.maximumBody
        if case .found(let route, _) = outcome, case .upTo(let own) = route.body { limit = own }
        guard let count = Int(length), count <= limit else { throw ServerError.bodyTooLong(limit: limit) }
    }

    private func failure(_ error: any Error, _ request: Request, logger: Logger, route: String) -> Response {
        let told: ServerError
        switch error {
        case let error as ServerError:
            told = error
        case let error as DeltaicError:
            told = ServerError(error)
        case is CancellationError:
            // There is nobody to read this.
            told = ServerError(.badRequest, "the client has left")
        default:
            told = ServerError(
                .internalServerError, "the server failed; its log has the details under this request's id")
        }
        if told.status.code >= 500, told.status != .notImplemented {
            logger.error("a request failed", metadata: ["error": "\(error)", "route": "\(route)"])
        }
        let response = told.response
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static func requestID() -> String {
        String(UInt64.random(in: .min ... .max), radix: 16)
    }
}

extension ServerError {
    private struct Body: Encodable {
        let error: String
    }

    /// The answer that tells of it.
    var response: Response {
        var headers = headers
        headers[.errorCode] = code
        // A field's value has no line breaks, and only ASCII is safe in it.
        let safe = message.unicodeScalars.prefix(1000).map { (32...126).contains($0.value) ? $0 : "?" }
        headers[.errorMessage] = String(String.UnicodeScalarView(safe))
        guard let response = try? JSONResponse.make(Body(error: message), status: status, headers: headers) else {
            return Response(status: status, headers: headers)
        }
        return response
    }
}
