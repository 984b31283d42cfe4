import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Uploads over HTTP")
struct UploadTests {
    /// A server and what a client does with it.
    private struct Client {
        let server: RunningServer
        let token: String

        func send(
            _ method: String, _ target: String, _ body: [UInt8] = [], authorized: Bool = true
        ) async throws -> RawConnection.Answer {
            var fields = ["Connection": "close", "Content-Length": "\(body.count)"]
            if authorized { fields["Authorization"] = "Bearer \(token)" }
            let connection = try await server.connect()
            try await connection.request(method, target, fields)
            try await connection.send(body)
            let answer = try await connection.answer()
            connection.close()
            return answer
        }

        func send(_ method: String, _ target: String, json: String) async throws -> RawConnection.Answer {
            try await send(method, target, Array(json.utf8))
        }

        func create(_ name: String) async throws {
            let answer = try await send(
                "POST", "/api/repos/create", json: #"{"name": "\#(name)", "organization": "acme"}"#)
            #expect(answer.status == 200)
        }

        func commit(_ model: String, _ lines: [String], to branch: String = "main") async throws -> RawConnection.Answer
        {
            let header = #"{"key":"header","value":{"summary":"test"}}"#
            return try await send(
                "POST", "/api/models/\(model)/commit/\(branch)", json: ([header] + lines).joined(separator: "\n"))
        }

        /// Asks where to send a file; the paths of URLs.
        func batch(_ bytes: [UInt8], transfers: String = #"["basic", "multipart"]"#) async throws -> JSONValue {
            let digest = try Digest.sha256(bytes)
            let answer = try await send(
                "POST", "/acme/m.git/info/lfs/objects/batch",
                json: #"""
                    {"operation": "upload", "transfers": \#(transfers),
                     "objects": [{"oid": "\#(digest)", "size": \#(bytes.count)}]}
                    """#)
            #expect(answer.status == 200)
            return try answer.json()
        }
    }

    private func run(
        _ change: (inout ServerOptions) -> Void = { _ in }, _ body: (Client, ModelRegistry) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        let registry = try ModelRegistry(path: directory.path("registry"), options: .init(threads: 2))
        let token = try registry.addToken(name: "writer", scope: .write).secret
        try await RunningServer.run(registry, change) { server in
            try await body(Client(server: server, token: token), registry)
        }
    }

    private func path(_ url: JSONValue) throws -> String {
        String(try #require(url.string).dropFirst("http://test".count))
    }

    private func line(_ name: String, _ bytes: [UInt8]) throws -> String {
        #"{"key":"lfsFile","value":{"path":"\#(name)","algo":"sha256","oid":"\#(try Digest.sha256(bytes))"}}"#
    }

    @Test("a large file is sent to the URL that the batch gives, whole or in parts, and committed")
    func wholeAndParts() async throws {
        var random = SeededGenerator(seed: 5)
        let small = (0..<90_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let large = (0..<300_001).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try await run {
            $0.partBytes = 100_000
        } _: { client, registry in
            try await client.create("m")
            let whole = try await client.batch(small)
            #expect(whole["transfer"].string == "basic")
            let target = try path(whole["objects"][0]["actions"]["upload"]["href"])
            #expect(try await client.send("PUT", target, small.dropLast(), authorized: false).status == 400)
            #expect(try await client.send("PUT", target, small + [1], authorized: false).status == 413)
            let verify = try path(whole["objects"][0]["actions"]["verify"]["href"])
            let object = #"{"oid": "\#(try Digest.sha256(small))", "size": \#(small.count)}"#
            #expect(try await client.send("POST", verify, json: object).status == 404)
            #expect(try await client.send("PUT", target, small, authorized: false).status == 200)
            #expect(try await client.send("POST", verify, json: object).status == 200)
            #expect(try await client.batch(small)["objects"][0]["actions"]["upload"]["href"].string == nil)

            let parts = try await client.batch(large)
            #expect(parts["transfer"].string == "multipart")
            let action = parts["objects"][0]["actions"]["upload"]
            #expect(action["header"]["chunk_size"].string == "100000")
            let completion = try path(action["href"])
            for number in [4, 1, 3] {
                let start = (number - 1) * 100_000
                let part = Array(large[start..<min(large.count, start + 100_000)])
                let answer = try await client.send(
                    "PUT", try path(action["header"]["\(number)"]), part, authorized: false)
                #expect(answer.status == 200 && answer["ETag"]?.isEmpty == false)
            }
            #expect(try await client.send("POST", completion, json: "{}").status == 400)
            let second = try path(action["header"]["2"])
            #expect(
                try await client.send("PUT", second, Array(large[100_001..<200_001]), authorized: false).status == 200)
            #expect(try await client.send("POST", completion, json: "{}").status == 400)
            #expect(
                try await client.send("PUT", second, Array(large[100_000..<200_000]), authorized: false).status == 200)
            #expect(try await client.send("PUT", second + "9", [1], authorized: false).status == 404)
            #expect(try await client.send("POST", completion, json: "{}").status == 200)
            #expect(FolderContents.files(in: registry.path + "/uploads/parts").isEmpty)

            let answer = try await client.commit("acme/m", [try line("a.bin", small), try line("b/c.bin", large)])
            #expect(answer.status == 200)
            let commit = try #require(try answer.json()["commitOid"].string)
            let back = try await client.send("GET", "/acme/m/resolve/\(commit)/b/c.bin")
            #expect(back.body == large)
        }
    }

    @Test("a URL for one file takes no other, and a changed one nothing")
    func capabilities() async throws {
        try await run { client, registry in
            try await client.create("m")
            let bytes = [UInt8](repeating: 1, count: 1000)
            let target = try path(try await client.batch(bytes)["objects"][0]["actions"]["upload"]["href"])
            #expect(try await client.send("PUT", target, [UInt8](repeating: 2, count: 1000)).status == 400)
            for changed in [String(target.dropLast()) + "0", "/lfs/x", "/lfs/hf_00", target + "00"]
            where changed != target {
                #expect(try await client.send("PUT", changed, bytes).status == 403, "\(changed)")
            }
            let key = try registry.capabilityKey()
            let fields = ["acme/m", try Digest.sha256(bytes).hex, "1000", "100", "x"]
            let now = Int(Date().timeIntervalSince1970)
            for (text, status) in [
                (try key.sign("upload", fields, until: now - 1), 403),
                (try key.sign("other", fields, until: now + 60), 403),
                (try key.sign("upload", fields, until: now + 60), 200),
            ] {
                #expect(try await client.send("PUT", "/lfs/\(text)", bytes, authorized: false).status == status)
            }
            // The URL is a secret as a token is.
            #expect(try client.server.logText().contains(target) == false)
        }
    }

    @Test("models are made, renamed and removed by those who may write to their namespace")
    func repositories() async throws {
        try await run { client, registry in
            let own = try registry.addToken(name: "own", scope: .write, namespace: "acme").secret
            let reader = try registry.addToken(name: "reader", scope: .read).secret
            func ask(_ method: String, _ path: String, _ body: String, _ token: String?) async throws -> Int {
                try await client.server.ask(method, path, token: token, body: body).status
            }
            let create = "/api/repos/create"
            #expect(try await ask("POST", create, #"{"name": "m"}"#, own) == 200)
            #expect(try await client.server.ask("GET", "/api/models/acme/m", token: own).status == 200)
            #expect(try await ask("POST", create, #"{"name": "m", "organization": "acme"}"#, own) == 409)
            #expect(try await ask("POST", create, #"{"name": "M", "organization": "ACME"}"#, client.token) == 409)
            for (body, token, status) in [
                (#"{"name": "x", "organization": "other"}"#, own, 404), (#"{"name": "x"}"#, reader, 403),
                (#"{"name": "x", "type": "dataset"}"#, own, 501), (#"{"name": "a b"}"#, own, 400),
                (#"{"name": "../x"}"#, own, 400), ("{}", own, 400), ("", own, 400),
            ] as [(String, String?, Int)] {
                #expect(try await ask("POST", create, body, token) == status, "\(body)")
            }
            #expect(try await ask("POST", create, #"{"name": "x"}"#, nil) == 401)
            let move = "/api/repos/move"
            #expect(try await ask("POST", move, #"{"fromRepo": "acme/m", "toRepo": "other/m"}"#, own) == 404)
            #expect(try await ask("POST", move, #"{"fromRepo": "acme/m", "toRepo": "acme/n"}"#, own) == 200)
            #expect(try await ask("POST", move, #"{"fromRepo": "acme/m", "toRepo": "acme/n"}"#, own) == 404)
            let delete = "/api/repos/delete"
            #expect(try await ask("DELETE", delete, #"{"name": "n", "organization": "acme"}"#, reader) == 403)
            #expect(try await ask("DELETE", delete, #"{"name": "n", "organization": "acme"}"#, own) == 200)
            #expect(try await ask("DELETE", delete, #"{"name": "n", "organization": "acme"}"#, own) == 404)
            let card = "/api/validate-yaml"
            #expect(try await ask("POST", card, ##"{"content": "---\nlicense: mit\n---\n# m"}"##, own) == 200)
            #expect(try await ask("POST", card, ##"{"content": "# no front matter"}"##, own) == 200)
            #expect(try await ask("POST", card, #"{"content": "---\na: [\n---\n"}"#, own) == 400)
        }
    }

    @Test("twenty commits at once are all there, and a stale parent is refused with 412")
    func parallelCommits() async throws {
        try await run { client, registry in
            try await client.create("m")
            let first = try #require(
                try await client.commit(
                    "acme/m",
                    [
                        #"{"key":"file","value":{"content":"QQ==","path":"a","encoding":"base64"}}"#
                    ]
                ).json()["commitOid"].string)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await client.commit(
                            "acme/m",
                            [
                                #"{"key":"file","value":{"content":"\#(number)","path":"f\#(number)"}}"#
                            ]
                        ).status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            let (version, files) = try registry.files(of: VersionReference("acme/m"))
            #expect(files.count == 22 && version.number == 21)
            let stale = #"{"key":"header","value":{"summary":"x","parentCommit":"\#(first)"}}"#
            #expect(try await client.commit("acme/m", [stale]).status == 412)
            #expect(try await client.commit("acme/m", [], to: "none").status == 404)
            #expect(try await client.send("POST", "/api/models/acme/m/commit/main?create_pr=1", json: "").status == 501)
            #expect(try await client.commit("acme/none", []).status == 404)
        }
    }

    @Test("what was pushed is compressed without being asked for, also what was left when the server stopped")
    func background() async throws {
        let directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        let registry = try ModelRegistry(path: directory.path("registry"), options: .init(threads: 2))
        let model = try ModelName("acme/m")
        _ = try await registry.createModel(model)
        let bytes = SyntheticModel(seed: 9, rows: 3000).builder.bytes()
        let writer = try registry.uploads.receive(try Digest.sha256(bytes), size: bytes.count, for: model)
        try writer.append(bytes)
        try writer.finish()
        _ = try await registry.commit(
            Push(
                model: model, branch: nil, expectedParent: nil, message: "x",
                operations: [.addLarge(path: "m.safetensors", sha256: try Digest.sha256(bytes), size: nil)]))
        #expect(try registry.pendingVersions().count == 1)
        let reader = try registry.addToken(name: "reader", scope: .read).secret
        try await RunningServer.run(registry) { server in
            #expect(try await becomesTrue { try registry.pendingVersions().isEmpty })
            let file = try await server.ask("GET", "/acme/m/resolve/main/m.safetensors", token: reader)
            #expect(file.body == bytes)
        }
    }
}
