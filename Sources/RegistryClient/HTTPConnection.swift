internal import AsyncHTTPClient
internal import DeltaicCore
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import Synchronization

/// Speaks HTTP with one server: sends the token, tries again what may succeed later, and tells failures in the server's words.
final class HTTPConnection: Sendable {
    /// How requests are made.
    struct Options: Sendable {
        /// How often a request is made again that failed on the way, or that the server could not take yet.
        var retries = 6
        /// The first pause in milliseconds; each is twice as long as the one before.
        var pause = 500
        var longestPause = 30_000
        /// How long nothing may come, in seconds.
        var patience = 90
    }

    /// Bodies, both ways.
    struct Traffic: Sendable {
        var sent = 0
        var received = 0
    }

    /// An answer whose body was read.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// Answers that are read as a whole may have so many bytes.
    static let answerLimit = 256 << 20

    let url: String
    private let token: String?
    private let options: Options
    private let client: HTTPClient
    private let counts = Mutex(Traffic())

    /// - Parameters:
    ///   - url: of the server, without a slash at the end.
    ///   - caFile: certificates (PEM) that are trusted beside those of the system.
    /// - Throws: what is wrong with the file.
    init(url: String, token: String?, caFile: String? = nil, options: Options = Options()) throws {
        self.url = url
        self.token = token
        self.options = options
        var tls = TLSConfiguration.makeClientConfiguration()
        if let caFile {
            do {
                tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(caFile))]
            } catch {
                throw DeltaicError(
                    .ioFailure, "the file of certificates cannot be read: \(error)", at: [caFile],
                    expected: "certificates in PEM")
            }
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .follow(max: 5, allowCycles: false),
            timeout: .init(connect: .seconds(10), read: .seconds(Int64(options.patience))))
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes the connections; nothing may be asked after that.
    func close() async {
        try? await client.shutdown()
    }

    /// What was sent and received so far, without headers.
    var traffic: Traffic { counts.withLock { $0 } }

    // MARK: - Requests

    /// Asks for JSON.
    ///
    /// - Parameter path: with its query, every part escaped.
    func json<Value: Decodable>(
        _ method: HTTPMethod = .GET, _ path: String, body: (any Encodable & Sendable)? = nil
    ) async throws -> Value {
        let data = try body.map { try JSONEncoder().encode($0) }
        let answer = try await ask(method, path, body: data.map { ByteBuffer(bytes: $0) }, type: "application/json")
        return try decode(answer)
    }

    func decode<Value: Decodable>(_ answer: Answer) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(answer.body))
        } catch {
            throw DeltaicError(
                .badAnswer, "the server answered with what cannot be read: \(error)", at: [url],
                advice: "is this the address of a Deltaic registry, as new as this program?")
        }
    }

    /// Makes a request whose answer is small.
    ///
    /// - Throws: what the server says, if it refuses.
    func ask(
        _ method: HTTPMethod, _ path: String, body: ByteBuffer? = nil, type: String = "application/octet-stream"
    ) async throws -> Answer {
        var request = self.request(method, path)
        if let body {
            request.headers.replaceOrAdd(name: "Content-Type", value: type)
            request.body = .bytes(body)
        }
        return try await trying { [self] in
            let response = try await execute(request, sent: body?.readableBytes ?? 0)
            let bytes = Array(buffer: try await response.body.collect(upTo: Self.answerLimit))
            counts.withLock { $0.received += bytes.count }
            let answer = Answer(status: Int(response.status.code), headers: response.headers, body: bytes)
            guard (200..<300).contains(answer.status) else { throw refusal(answer) }
            return answer
        }
    }

    /// Fetches bytes from an offset on, and goes on where it was when the connection breaks.
    ///
    /// - Parameters:
    ///   - offset: gives how many bytes are there already.
    ///   - size: of the whole.
    ///   - restart: called if the server cannot send a range: the bytes come from the first one on.
    ///   - take: takes the bytes in order.
    func fetch(
        _ path: String, size: Int, offset: () -> Int, restart: () throws -> Void, take: (ByteBuffer) throws -> Void
    ) async throws {
        var failures = 0
        while offset() < size {
            let start = offset()
            do {
                var request = self.request(.GET, path)
                if start > 0 { request.headers.replaceOrAdd(name: "Range", value: "bytes=\(start)-") }
                let response = try await execute(request, sent: 0)
                guard (200..<300).contains(response.status.code) else {
                    let bytes = Array(buffer: try await response.body.collect(upTo: 1 << 20))
                    throw refusal(
                        Answer(status: Int(response.status.code), headers: response.headers, body: bytes))
                }
                if start > 0, response.status != .partialContent { try restart() }
                for try await part in response.body {
                    counts.withLock { $0.received += part.readableBytes }
                    guard offset() + part.readableBytes <= size else {
                        throw DeltaicError(
                            .badAnswer, "the server sends more than it announced", at: [url + path],
                            expected: "\(size) bytes")
                    }
                    try take(part)
                }
                guard offset() >= size else { throw HTTPClientError.remoteConnectionClosed }
            } catch {
                // Whatever came counts as a success on the way.
                if offset() > start { failures = 0 }
                try await pause(after: error, failures: failures)
                failures += 1
            }
        }
    }

    // MARK: - One request

    private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "deltaic")
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }

    private func execute(_ request: HTTPClientRequest, sent: Int) async throws -> HTTPClientResponse {
        let response = try await client.execute(request, deadline: .distantFuture)
        counts.withLock { $0.sent += sent }
        return response
    }

    private func trying<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await body()
            } catch {
                try await pause(after: error, failures: failures)
                failures += 1
            }
        }
    }

    /// A refusal that may be none a little later.
    private struct Busy: Error {
        let error: DeltaicError
        /// In milliseconds.
        let pause: Int?
        /// Whether the server is at work on what was asked: then it is asked until it is done.
        let isWorking: Bool
    }

    /// Waits for the next attempt.
    /// - Throws: `error` as the user is told of it, if there is to be none.
    private func pause(after error: any Error, failures: Int) async throws {
        if Task.isCancelled { throw CancellationError() }
        var usual = options.pause << min(failures, 8)
        usual = min(usual + Int.random(in: 0...max(1, usual / 4)), options.longestPause)
        switch error {
        case let busy as Busy:
            guard busy.isWorking || failures < options.retries else { throw busy.error }
            try await Task.sleep(for: .milliseconds(min(busy.pause ?? usual, options.longestPause)))
        case let error as DeltaicError:
            throw error
        default:
            guard failures < options.retries else { throw unreachable(error) }
            try await Task.sleep(for: .milliseconds(usual))
        }
    }

    private func unreachable(_ error: any Error) -> DeltaicError {
        DeltaicError(
            .connectionFailed, "the server cannot be reached, or the connection broke: \(error)", at: [url],
            advice: "check the address and the network, and run the command again: it goes on where it was")
    }

    // MARK: - Refusals

    private struct Told: Decodable {
        let error: String
    }

    /// What an answer that is no success means.
    private func refusal(_ answer: Answer) -> any Error {
        let word = answer.headers.first(name: "X-Error-Code")
        let text =
            (try? JSONDecoder().decode(Told.self, from: Data(answer.body)))?.error
            ?? answer.headers.first(name: "X-Error-Message") ?? "the server refused"
        let id = answer.headers.first(name: "X-Request-Id").map { ", request \($0)" } ?? ""
        let error = DeltaicError(
            Self.code(answer.status, word: word), text, at: ["\(url) (status \(answer.status)\(id))"],
            advice: [401, 403].contains(answer.status)
                ? "give a token of the server that is for all namespaces: read to pull, write to push" : nil)
        guard [429, 502, 503, 504].contains(answer.status) else { return error }
        let seconds = answer.headers.first(name: "Retry-After").flatMap { Double($0) }
        return Busy(
            error: error, pause: seconds.map { Int(min(max($0, 0), 3600) * 1000) }, isWorking: word == "working")
    }

    /// The server's own word, in the class that the status has.
    private static func code(_ status: Int, word: String?) -> DeltaicError.Code {
        switch status {
        case 401, 403: .accessDenied
        case 404, 410: DeltaicError.Code(words[word ?? ""] ?? word ?? "unknownContent", .notFound)
        case 409: DeltaicError.Code(word ?? "conflict", .conflict)
        case 429, 502, 503, 504: DeltaicError.Code(word ?? "serverBusy", .locked)
        case 400..<500: DeltaicError.Code(word ?? "refusedRequest", .refusedInput)
        default: DeltaicError.Code(word ?? "serverFailure", .system)
        }
    }

    /// What the Hub's words mean here.
    private static let words = [
        "RepoNotFound": "unknownModel", "RevisionNotFound": "unknownVersion", "EntryNotFound": "unknownContent",
    ]
}

/// Parts of URLs.
enum URLText {
    /// A part of a path, with every character escaped that means something else there.
    static func part(_ text: some StringProtocol) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? String(text)
    }

    /// A path of several parts, the slashes between them kept.
    static func path(_ text: String) -> String {
        text.split(separator: "/", omittingEmptySubsequences: false).map { part($0) }.joined(separator: "/")
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
