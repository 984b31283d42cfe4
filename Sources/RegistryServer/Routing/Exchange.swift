internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Registry

/// A request, what its path said, and who sent it.
struct Exchange: Sendable {
    let request: Request
    let id: String
    let path: PathSegments
    let match: RoutePattern.Match
    let principal: Principal
    let services: ServerServices
    let channel: any Channel
    let logger: Logger
    /// The URL under which the client knows the server, without a slash at the end.
    let origin: String

    /// Whether only the head of the answer is wanted.
    var isHead: Bool { request.method == .head }

    var registry: ModelRegistry { services.registry }

    /// The model that the path names.
    /// - Throws: `.invalidName`, which means that there is none.
    func model() throws -> ModelName {
        do {
            return try ModelName(value("model"))
        } catch {
            throw ServerError(.notFound, code: .repositoryNotFound, error.message)
        }
    }

    /// A parameter of the path; empty where its route has none of this name.
    func value(_ name: String) -> String {
        match.values[name] ?? ""
    }

    /// The version that a revision of a Hub client means: `main`, a tag, `v2`, a commit id; the newest if there is none.
    func reference(_ revision: String? = nil) throws -> VersionReference {
        let isNative = path.raw.first == "v1"
        return try RevisionName(revision ?? match.values["revision"] ?? "main", prefersNumbers: isNative)
            .reference(to: try model())
    }

    /// The last value of a query parameter.
    func query(_ name: String) -> String? {
        queries(name).last
    }

    /// All values of a query parameter.
    func queries(_ name: String) -> [String] {
        QueryParameters(request.uri.query ?? "").values(name)
    }

    /// A flag of the query, in either letter case; nil if it is not there.
    /// - Throws: `ServerError` 400 if it is neither `true` nor `false`.
    func flag(_ name: String) throws -> Bool? {
        guard let text = query(name)?.lowercased() else { return nil }
        switch text {
        case "true", "1": return true
        case "false", "0": return false
        default: throw ServerError(.badRequest, "the query parameter \(name) has to be true or false")
        }
    }

    /// A number of the query.
    /// - Throws: `ServerError` 400 if it is none, or out of range.
    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = query(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ServerError(
                .badRequest,
                "the query parameter \(name) has to be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The body, which may not be longer than the server allows, or than `limit` bytes if there is one.
    /// - Throws: `ServerError` 413.
    func body(upTo limit: Int? = nil) async throws -> [UInt8] {
        var request = request
        let limit = min(limit ?? .max, services.options.maximumBody)
        do {
            return Array(buffer: try await request.collectBody(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw ServerError.bodyTooLong(limit: limit)
        } catch {
            throw ServerError.brokenBody
        }
    }

    /// Takes the body as it comes, of a route that lets it be long.
    ///
    /// - Throws: `ServerError` 413 if it is longer than `limit` bytes, 400 if it ends early, or what `take` throws.
    func takeBody(upTo limit: Int, _ take: (ByteBuffer) throws -> Void) async throws {
        var parts = request.body.makeAsyncIterator()
        var count = 0
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw ServerError.brokenBody
            }
            guard let part else { return }
            count += part.readableBytes
            guard count <= limit else { throw ServerError.bodyTooLong(limit: limit) }
            do {
                try take(part)
            } catch {
                // The rest of the body would have to be read before the client sees the answer.
                throw ServerError(closing: error)
            }
        }
    }

    /// The body as JSON.
    ///
    /// - Parameter form: what it has to be, for the client.
    /// - Throws: `ServerError` 400 or 413.
    func json<Value: Decodable>(_ form: String) async throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(try await body()))
        } catch is DecodingError {
            throw ServerError(.badRequest, "the body has to be \(form)")
        }
    }
}

extension ServerError {
    static let brokenBody = ServerError(
        .badRequest, "the body of the request ends early, or is not framed as HTTP has it",
        headers: [.connection: "close"])

    static func bodyTooLong(limit: Int) -> ServerError {
        ServerError(
            .contentTooLarge, "the body of the request is longer than \(limit) bytes", headers: [.connection: "close"])
    }
}
