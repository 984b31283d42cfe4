internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Synchronization

/// What is logged and counted of one request when its answer has been sent.
struct RequestRecord: Sendable {
    /// What metrics say of paths that no route knows.
    static let unknownRoute = "unknown"

    let method: HTTPRequest.Method
    let path: String
    let client: String
    let agent: String?
    let range: String?
    var route = unknownRoute
    /// The name of the token, never its text.
    var token: String?

    init(request: Request, client: String) {
        method = request.method
        // A secret may be escaped, where it would not be known for one.
        let decoded = request.uri.path.removingPercentEncoding ?? request.uri.path
        let shown = LogRedaction.withoutTokens(decoded)
        path = shown == decoded ? request.uri.path : shown
        agent = request.headers[.userAgent]
        range = request.headers[.range]
        self.client = client
    }

    /// The same response, with a line in the log and the metrics written after its last byte.
    func watching(
        _ response: Response, started: ContinuousClock.Instant, metrics: ServerMetrics, logger: Logger
    ) -> Response {
        var watched = response
        let status = response.status.code
        let announced = response.headers[.contentLength]
        let body = response.body
        let length = body.contentLength
        let completion = Completion { finish(status, started, announced, isCut: $0, metrics, logger) }
        watched.body = ResponseBody(contentLength: length) { writer in
            do {
                try await body.write(writer)
                completion.reach(isCut: false)
            } catch {
                completion.reach(isCut: true)
                throw error
            }
        }
        // The setter of the body may have set it to that of an answer to HEAD, which has none.
        watched.headers[.contentLength] = announced
        return watched
    }

    private func finish(
        _ status: Int, _ started: ContinuousClock.Instant, _ announced: String?, isCut: Bool,
        _ metrics: ServerMetrics, _ logger: Logger
    ) {
        let duration = ContinuousClock.now - started
        let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        // Methods that nobody knows would make a name each.
        let known = Self.methods.contains(method) ? method : HTTPRequest.Method("OTHER") ?? .get
        metrics.finished(route: route, method: known, status: status, nanoseconds: nanoseconds)
        var metadata: Logger.Metadata = [
            "method": "\(method.rawValue)", "path": "\(path)", "status": "\(status)", "client": "\(client)",
            "milliseconds": "\(nanoseconds / 1_000_000)",
        ]
        if let announced { metadata["bytes"] = "\(announced)" }
        if let agent { metadata["agent"] = "\(agent)" }
        if let range { metadata["range"] = "\(range)" }
        if let token { metadata["token.name"] = "\(token)" }
        if isCut { metadata["cut"] = "true" }
        logger.info("request", metadata: metadata)
    }

    private static let methods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .delete, .patch, .options,
    ]
}

/// The end of an answer, which comes once: with its last byte, or when it is given up, perhaps before the first.
private final class Completion: Sendable {
    private let isReached = Mutex(false)
    private let action: @Sendable (_ isCut: Bool) -> Void

    init(_ action: @escaping @Sendable (_ isCut: Bool) -> Void) {
        self.action = action
    }

    // A client that has left before the head could be written gets no body, and nobody else says so.
    deinit { reach(isCut: true) }

    func reach(isCut: Bool) {
        let isFirst = isReached.withLock { reached in
            defer { reached = true }
            return !reached
        }
        if isFirst { action(isCut) }
    }
}
