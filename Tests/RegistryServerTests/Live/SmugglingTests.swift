import DeltaicCore
import Foundation
import TestSupport
import Testing

/// Requests that two readers could cut differently (family 19 of faults).
@Suite("Request smuggling") struct SmugglingTests {
    /// What a second reader could take for a request of its own.
    private static let hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Heads whose body has no one length.
    private static let heads = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n", "Content-Length: 4, 5\r\n", "Content-Length: +4\r\n",
        "Content-Length: 0x4\r\n", "Content-Length: 4 4\r\n", "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n", " Transfer-Encoding: chunked\r\n", "Transfer-Encoding:\u{b}chunked\r\n",
        "Content-Length: 4\r\nX: y\r\n\r", "Content\u{0}-Length: 4\r\n", "X: a\u{0}b\r\n",
    ]

    /// Bodies in chunks that are no chunks.
    private static let bodies = [
        "ffffffffffffffff1\r\n", "-1\r\n", "0x1\r\na\r\n0\r\n\r\n", "1 \r\na\r\n0\r\n\r\n", "1;\r\na\r\n0\n\n",
        "1\r\nab\r\n0\r\n\r\n", "g\r\n",
    ]

    @Test("a request whose end is not certain is refused, and nothing behind it is answered")
    func shapes() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            let start = "POST /api/repos/create HTTP/1.1\r\nHost: a\r\n"
            let requests =
                Self.heads.map { start + $0 + "\r\n" + Self.hidden + Self.hidden }
                + Self.bodies.map { start + "Transfer-Encoding: chunked\r\n\r\n" + $0 + Self.hidden }
            for request in requests {
                let connection = try await server.connect()
                // The server may have closed before all was sent.
                try? await connection.send(request)
                connection.endSending()
                let answer = String(decoding: (try? await connection.rest()) ?? [], as: UTF8.self)
                // The refusal of what could be read of it, and that of the rest, which ends the connection.
                let answers = answer.components(separatedBy: "HTTP/1.1 ").dropFirst()
                #expect(answers.count <= 2, "\(request.debugDescription): \(answer)")
                #expect(answers.allSatisfy { $0.hasPrefix("4") }, "\(request.debugDescription): \(answer)")
            }
            #expect(try await server.ask("GET", "/healthz").status == 200)
            try Evidence.record(
                family: 19, "requests that two readers could cut differently", tried: requests.count,
                outcomes: ["refused": requests.count])
        }
    }
}
