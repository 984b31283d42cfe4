import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Connections and limits")
struct ConnectionTests {
    private static let large = "/large/resolve/main/model.safetensors"

    @Test("a client that leaves in the middle frees all that it held", arguments: [false, true])
    func leaving(abruptly: Bool) async throws {
        let models = try await ServedModels()
        let file = try await models.addLarge()
        try await RunningServer.run(
            models.registry,
            {
                $0.allowsAnonymousRead = true
                $0.budget.slots = 2
            }
        ) { server in
            for _ in 0..<4 {
                let connection = try await server.connect(receiveBuffer: 4096)
                try await connection.request("GET", Self.large)
                #expect(try await connection.head().status == 200)
                _ = try await connection.read(100_000)
                connection.close(abruptly: abruptly)
            }
            // One leaves before it is answered at all.
            let connection = try await server.connect()
            try await connection.request("GET", Self.large)
            connection.close(abruptly: true)
            #expect(try await becomesTrue { try await server.metric("deltaic_content_streams") == 0 })
            #expect(try await server.metric("deltaic_content_held_chunks") == 0)
            // The one that asks is counted.
            #expect(try await becomesTrue { try await server.metric("deltaic_http_requests_active") == 1 })
            #expect(try await server.metric("deltaic_content_cut_off_total") == 0)
            #expect(try await server.ask("GET", Self.large).body == file)
        }
    }

    @Test("a client that takes nothing is cut off, while others are served through the same slot")
    func stalling() async throws {
        let models = try await ServedModels()
        let file = try await models.addLarge()
        try await RunningServer.run(
            models.registry,
            {
                $0.allowsAnonymousRead = true
                $0.stallTimeout = 2
                $0.budget.slots = 1
                $0.budget.cacheBytes = 0
            }
        ) { server in
            let stalled = try await server.connect(receiveBuffer: 4096)
            try await stalled.request("GET", Self.large)
            #expect(try await stalled.head().status == 200)
            #expect(try await server.ask("GET", Self.large).body == file)
            #expect(try await becomesTrue { try await server.metric("deltaic_content_streams") == 0 })
            #expect(try await stalled.read(file.count).count < file.count)
        }
    }

    @Test("a client that reads slowly gets everything, though its answer was long written")
    func slowEnd() async throws {
        let models = try await ServedModels()
        let file = try await models.addLarge()
        try await RunningServer.run(
            models.registry,
            {
                $0.allowsAnonymousRead = true
                // Over before the client has taken the end.
                $0.idleTimeout = 1
            }
        ) { server in
            // Some of these are more than the system takes, and all are soon more than the server has left to write.
            var connections: [(RawConnection, Int)] = []
            for count in [250_000, 500_000, 1_000_000, 3_000_000] {
                let connection = try await server.connect(receiveBuffer: 4096)
                try await connection.request("GET", Self.large, ["Range": "bytes=0-\(count - 1)"])
                #expect(try await connection.head().status == 206)
                connections.append((connection, count))
            }
            // Twice the idle timeout, by the server's own clock.
            for _ in 0..<2 { #expect(try await server.connect().rest().isEmpty) }
            for (connection, count) in connections {
                #expect(try await connection.read(count) == Array(file[..<count]), "\(count) bytes")
            }
        }
    }

    @Test("requests that come at once, in pieces, or after the client has ended are answered in order")
    func pipelining() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            let connection = try await server.connect()
            let path = "/Acme/tuned/resolve/main/model.safetensors"
            for start in 0..<20 { try await connection.request("GET", path, ["Range": "bytes=\(start)-\(start + 9)"]) }
            for start in 0..<20 {
                #expect(try await connection.answer().body == Array(models.file[start..<start + 10]))
            }
            for byte in "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8 { try await connection.send([byte]) }
            #expect(try await connection.answer().status == 200)
            try await connection.request("GET", path)
            connection.endSending()
            #expect(try await connection.answer().body == models.file)
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test("a connection ends where the client says so, in any letters", arguments: ["close", "Close", "TE, close"])
    func closing(word: String) async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            let connection = try await server.connect()
            try await connection.request("GET", "/healthz", ["Connection": word])
            #expect(try await connection.answer().status == 200)
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test("a body over the limit is refused, announced or not, and the connection ends")
    func bodies() async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write)
        try await RunningServer.run(models.registry, { $0.maximumBody = 1000 }) { server in
            let target = "/v1/models/Acme/tuned/tags/x"
            let fields = ["Authorization": "Bearer \(writer)"]
            // Announced, and never sent.
            for length in ["1001", "99999999999999"] {
                let connection = try await server.connect()
                try await connection.request("PUT", target, fields.merging(["Content-Length": length]) { $1 })
                let answer = try await connection.answer()
                #expect(answer.status == 413 && answer["Connection"] == "close")
                #expect(try await connection.rest().isEmpty)
            }
            // Sent to the end.
            let sent = try await server.connect()
            try await sent.request("PUT", target, fields.merging(["Content-Length": "500000"]) { $1 })
            try await sent.send([UInt8](repeating: 65, count: 500_000))
            #expect(try await sent.answer().status == 413)
            // In chunks, without an end.
            let chunked = try await server.connect()
            try await chunked.request("PUT", target, fields.merging(["Transfer-Encoding": "chunked"]) { $1 })
            for _ in 0..<4 { try await chunked.send("190\r\n\(String(repeating: "x", count: 400))\r\n") }
            #expect(try await chunked.answer().status == 413)
            #expect(try await chunked.rest().isEmpty)
            // In chunks, within it.
            let small = try await server.connect()
            try await small.request("PUT", target, fields.merging(["Transfer-Encoding": "chunked"]) { $1 })
            try await small.send("10\r\n{\"version\": \"v1\"\r\n1\r\n}\r\n0\r\n\r\n")
            #expect(try await small.answer().status == 200)
            // A route that reads no body has to get rid of it.
            try await small.request("GET", "/healthz", ["Content-Length": "5"])
            try await small.send("12345")
            #expect(try await small.answer().status == 200)
            try await small.request("GET", "/healthz")
            #expect(try await small.answer().status == 200)
        }
    }

    @Test("a header over the limit, too many fields, and what is no HTTP end the connection")
    func headers() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.maximumHeader = 4096 }) { server in
            let requests = [
                "GET /healthz HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 10_000))\r\n\r\n",
                "GET /\(String(repeating: "x", count: 200_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 400) + "\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nbad field\r\n\r\n", "nonsense\r\n\r\n",
                "GET  /healthz HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}",
            ]
            for request in requests {
                let connection = try await server.connect()
                // The server may have closed before all was sent.
                try? await connection.send(request)
                connection.endSending()
                let answer = String(decoding: (try? await connection.rest()) ?? [], as: UTF8.self)
                #expect(
                    answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(request.prefix(40)): \(answer.prefix(100))")
            }
            #expect(try await server.ask("GET", "/healthz").status == 200)
        }
    }

    @Test("connections over the limit wait until others end")
    func connections() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.maximumConnections = 2 }) { server in
            let first = try await server.connect()
            let second = try await server.connect()
            for connection in [first, second] {
                try await connection.request("GET", "/healthz")
                #expect(try await connection.answer().status == 200)
            }
            let third = try await server.connect()
            try await third.request("GET", "/healthz")
            async let answer = third.answer()
            // Others are served as before.
            for _ in 0..<20 {
                try await second.request("GET", "/healthz")
                #expect(try await second.answer().status == 200)
            }
            first.close()
            #expect(try await answer.status == 200)
        }
    }

    @Test("one address has no more connections than it may, and gets others when its own end")
    func connectionsOfOneClient() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.maximumClientConnections = 2 }) { server in
            var open: [RawConnection] = []
            for _ in 0..<2 {
                let connection = try await server.connect()
                try await connection.request("GET", "/healthz")
                #expect(try await connection.answer().status == 200)
                open.append(connection)
            }
            let third = try await server.connect()
            try? await third.request("GET", "/healthz")
            let answer = try? await third.rest()
            #expect(answer == nil || answer == [])
            open[0].close()
            let isServed = try await becomesTrue {
                let again = try await server.connect()
                try? await again.request("GET", "/healthz")
                return (try? await again.answer().status) == 200
            }
            #expect(isServed)
        }
    }

    @Test("a request that does not come to its end in time is ended")
    func lateBody() async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write)
        try await RunningServer.run(models.registry, { $0.idleTimeout = 1 }) { server in
            let late = try await server.connect()
            try await late.request(
                "PUT", "/v1/models/Acme/tuned/tags/x",
                ["Authorization": "Bearer \(writer)", "Content-Length": "900"])
            try await late.send("{")
            // Ends without an answer, or with one that says why; not before long.
            let answer = String(decoding: try await late.rest(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("a body that breaks off is the client's mistake, and no failure of the server")
    func brokenBodies() async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write)
        try await RunningServer.run(models.registry) { server in
            for (fields, body) in [
                (["Content-Length": "900"], "{"), (["Transfer-Encoding": "chunked"], "zz\r\n{\r\n"),
            ] {
                let connection = try await server.connect()
                try await connection.request(
                    "PUT", "/v1/models/Acme/tuned/tags/x", fields.merging(["Authorization": "Bearer \(writer)"]) { $1 })
                try await connection.send(body)
                connection.endSending()
                _ = try? await connection.rest()
            }
            #expect(try await server.ask("GET", "/healthz").status == 200)
            let levels = try server.log().map { $0["level"].string }
            #expect(!levels.contains("error"))
        }
    }

    @Test("health is told to whoever asks, a wrong token or none")
    func openRoutes() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            for path in ["/healthz", "/readyz"] {
                let answer = try await server.ask("GET", path, token: "hf_none")
                #expect(answer.status == 200)
            }
        }
    }

    @Test("a client that is too fast is slowed down, then refused; others are not")
    func rates() async throws {
        let models = try await ServedModels()
        let other = try models.token(.read)
        try await RunningServer.run(
            models.registry,
            {
                $0.requestsPerSecond = 2
                $0.requestBurst = 2
            }
        ) { server in
            // Twice what may be sent at once, and as many as may wait.
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let answer = try await server.ask("GET", "/v1/models", token: models.reader)
                        if answer.status == 429 {
                            let seconds = try #require(answer["Retry-After"].flatMap { Int($0) })
                            #expect((1...60).contains(seconds))
                        }
                        return answer.status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(Set(statuses.keys) == [200, 429], "\(statuses)")
            #expect((statuses[200] ?? 0) >= 2, "\(statuses)")
            #expect(try await server.ask("GET", "/v1/models", token: other).status == 200)
            #expect(try await server.ask("GET", "/healthz").status == 200)
            let page = try await server.ask("GET", "/metrics", token: other).text
            let metrics = try ExpositionPage(page)
            #expect((metrics.value("deltaic_http_rate_limited_total") ?? 0) == Double(statuses[429] ?? 0))
            #expect((metrics.value("deltaic_http_rate_delayed_total") ?? 0) > 0)
        }
    }

    @Test("a port that is in use is told in words")
    func portInUse() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            let error = await #expect(throws: DeltaicError.self) {
                try await RunningServer.run(models.registry, { $0.port = server.port }) { _ in }
            }
            #expect(error?.code == .ioFailure && error?.description.contains("\(server.port)") == true)
            #expect(error?.advice != nil)
        }
    }

    @Test("an address that cannot be found is told in words")
    func unknownHost() async throws {
        let models = try await ServedModels()
        let error = await #expect(throws: DeltaicError.self) {
            try await RunningServer.run(models.registry, { $0.host = "no-such-host.invalid" }) { _ in }
        }
        #expect(error?.code == .ioFailure)
    }

    @Test("absolute links begin as the client knows the server")
    func origins() async throws {
        let models = try await ServedModels()
        let choices: [(String, (inout ServerOptions) -> Void)] = [
            ("http://test", { _ in }), ("https://hub.example/x", { $0.publicURL = "https://hub.example/x/" }),
            ("https://front.example", { $0.trustsProxy = true }),
        ]
        for (origin, change) in choices {
            try await RunningServer.run(models.registry, change) { server in
                let answer = try await server.ask(
                    "GET", "/v1/models?limit=1", token: models.reader,
                    ["X-Forwarded-Proto": "https", "X-Forwarded-Host": "front.example"])
                #expect(answer["Link"]?.hasPrefix("<\(origin)/v1/models?") == true, "\(answer["Link"] ?? "")")
            }
        }
    }
}
