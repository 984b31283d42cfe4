import Foundation
import Glibc
import Logging
import Registry
import TestSupport

@testable import RegistryServer

/// A server in this process, on a port of its own, with its log in a file.
struct RunningServer: Sendable {
    /// The server ended before it listened.
    struct NotListening: Error {}

    let port: Int
    private let logPath: String

    /// Runs `body` against a server, which is stopped after that.
    ///
    /// - Parameter change: of the options; clients are not kept to a rate, and may not read without a token.
    static func run<Result>(
        _ registry: ModelRegistry, _ change: (inout ServerOptions) -> Void = { _ in },
        body: (RunningServer) async throws -> Result
    ) async throws -> Result {
        let directory = try TemporaryDirectory()
        let logPath = try directory.write("log", [])
        // Closed when the last logger is gone: what a server still says when it has ended would go to whatever has the number then.
        let output = LogOutput(descriptor: open(logPath, O_WRONLY | O_APPEND), isOwned: true)
        let logger = Logger(label: "test") {
            StructuredLogHandler(label: $0, level: .trace, format: .json, metadataProvider: nil, output: output)
        }
        var options = ServerOptions()
        options.port = 0
        options.requestsPerSecond = 0
        options.stopTimeout = 1
        change(&options)
        let application = try RegistryApplication(registry: registry, options: options, logger: logger)
        let (urls, listening) = AsyncStream.makeStream(of: String.self)
        let task = Task {
            defer { listening.finish() }
            try await application.run { listening.yield($0) }
        }
        var url: String?
        for await first in urls {
            url = first
            break
        }
        guard let text = url?.split(separator: ":").last, let port = Int(text) else {
            try await task.value
            throw NotListening()
        }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(RunningServer(port: port, logPath: logPath)))
        } catch {
            result = .failure(error)
        }
        task.cancel()
        _ = await task.result
        return try result.get()
    }

    /// What was logged so far, as lines of JSON.
    func log() throws -> [JSONValue] {
        try logText().split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    func logText() throws -> String { String(decoding: try FolderContents.bytes(of: logPath), as: UTF8.self) }

    func connect(receiveBuffer: Int32? = nil) async throws -> RawConnection {
        try await RawConnection.open(port: port, receiveBuffer: receiveBuffer)
    }

    /// One request on a connection of its own.
    func ask(
        _ method: String = "GET", _ target: String, token: String? = nil, _ fields: [String: String] = [:],
        body: String? = nil
    ) async throws -> RawConnection.Answer {
        var fields = fields
        fields["Connection"] = "close"
        if let token { fields["Authorization"] = "Bearer \(token)" }
        if let body { fields["Content-Length"] = "\(body.utf8.count)" }
        let connection = try await connect()
        try await connection.request(method, target, fields)
        if let body { try await connection.send(body) }
        let answer = try await connection.answer(hasBody: method != "HEAD")
        connection.close()
        return answer
    }

    /// A figure of `/metrics`; of a family the sum over its labels.
    func metric(_ name: String, token: String? = nil) async throws -> Double {
        let page = try ExpositionPage(try await ask("GET", "/metrics", token: token).text)
        return page.samples.filter { $0.name == name }.reduce(0) { $0 + $1.value }
    }
}
