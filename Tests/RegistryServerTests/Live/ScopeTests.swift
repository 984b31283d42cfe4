import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Tokens over HTTP")
struct ScopeTests {
    @Test("without a token nothing is read, unless that is allowed; a bad token is refused in any case")
    func tokens() async throws {
        let models = try await ServedModels()
        let revoked = try models.registry.addToken(name: "old", scope: .read).secret
        _ = try models.registry.revokeToken(named: "old")
        let end = Int(Date().timeIntervalSince1970) + 2
        let expiring = try models.registry.addToken(name: "short", scope: .read, expiresAt: end).secret
        let paths = [
            "/api/models", "/api/models/Acme/tuned", "/Acme/tuned/resolve/main/config.json", "/v1/models",
            "/v1/savings",
            "/v1/tasks", "/v1/diff?left=tiny&right=tiny", "/v1/models/Acme/tuned/versions/main/tensors", "/metrics",
        ]
        for anonymous in [false, true] {
            try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = anonymous }) { server in
                #expect(
                    try await becomesTrue {
                        try await server.ask("GET", "/v1/models", token: expiring).status == 401
                    }, "the token does not expire")
                for path in paths {
                    let none = try await server.ask("GET", path)
                    #expect(none.status == (anonymous ? 200 : 401), "\(path)")
                    #expect(anonymous || none["WWW-Authenticate"] != nil)
                    for bad in [revoked, expiring, "hf_wrong", ""] {
                        #expect(try await server.ask("GET", path, token: bad).status == 401, "\(path) \(bad)")
                    }
                    #expect(try await server.ask("GET", path, ["Authorization": "Digest x"]).status == 401)
                    #expect(try await server.ask("GET", path, token: models.reader).status == 200, "\(path)")
                }
                #expect(try await server.ask("GET", "/healthz").status == 200)
                #expect(try await server.ask("GET", "/readyz").status == 200)
                #expect(try await server.ask("GET", "/api/whoami-v2").status == 401)
                let basic = Data("x:\(models.reader)".utf8).base64EncodedString()
                #expect(try await server.ask("GET", "/v1/models", ["Authorization": "Basic \(basic)"]).status == 200)
            }
        }
    }

    @Test("a token of a namespace sees its models, and nothing that tells of others")
    func namespaces() async throws {
        let models = try await ServedModels()
        let own = try models.token(.write, namespace: "Acme")
        try await RunningServer.run(models.registry) { server in
            func get(_ path: String) async throws -> RawConnection.Answer {
                try await server.ask("GET", path, token: own)
            }
            #expect(
                try await get("/v1/models").json()["models"].array.map { $0["latest"]["model"].string } == [
                    "Acme/tuned"
                ])
            #expect(try await get("/api/models?full=true").json().array.map { $0["id"].string } == ["Acme/tuned"])
            for query in ["namespace=other", "search=secret", "base=other%2Fsecret", "base=other%2Fnone"] {
                let answer = try await get("/v1/models?\(query)")
                #expect(try answer.status == 200 && answer.json()["models"].array.isEmpty, "\(query)")
            }
            for query in ["author=other", "search=secret", "filter=base_model:other%2Fsecret"] {
                let answer = try await get("/api/models?\(query)")
                #expect(try answer.status == 200 && answer.json().array.isEmpty, "\(query)")
            }
            let paths = [
                "/api/models/M", "/api/models/M/tree/main", "/api/models/M/refs", "/api/models/M/commits/main",
                "/M/resolve/main/config.json", "/M/raw/main/config.json", "/M.git/info/refs", "/M.git/HEAD",
                "/v1/models/M", "/v1/models/M/versions", "/v1/models/M/versions/main", "/v1/models/M/tags",
                "/v1/models/M/versions/main/tensors", "/v1/models/M/versions/main/tensors/embeddings.weight",
                "/v1/models/M/versions/main/safetensors?prefix=e", "/v1/models/M/versions/main/quality",
                "/v1/models/M/versions/main/files/config.json", "/v1/diff?left=M&right=Acme/tuned",
                "/v1/diff?left=Acme/tuned&right=M@v1",
            ]
            for path in paths {
                let mine = try await get(path.replacing("M", with: "Acme/tuned", maxReplacements: 1))
                #expect(mine.status == 200, "\(path): \(mine.text)")
                var words: Set<String> = []
                for name in ["other/secret", "other/none", "tiny"] {
                    let answer = try await get(path.replacing("M", with: name, maxReplacements: 1))
                    #expect(answer.status == 404 && answer["X-Error-Code"] == "RepoNotFound", "\(path) \(name)")
                    words.insert(answer.text.replacing(name, with: "M"))
                }
                #expect(words.count == 1, "the answer tells which models there are: \(words)")
            }
            for path in ["/v1/savings", "/v1/tasks"] { #expect(try await get(path).status == 403, "\(path)") }
            let batch =
                #"{"operation": "download", "objects": [{"oid": "\#(try Digest.sha256(models.file).hex)", "size": 1}]}"#
            let lfs = try await server.ask(
                "POST", "/other/secret.git/info/lfs/objects/batch", token: own, body: batch)
            #expect(lfs.status == 404)
            #expect(
                try await server.ask("PUT", "/v1/models/other/secret/tags/x", token: own, body: #"{"version":"v1"}"#)
                    .status == 404)
            #expect(
                try await server.ask("PUT", "/v1/models/Acme/tuned/tags/x", token: own, body: #"{"version":"v1"}"#)
                    .status == 200)
            #expect(try await server.ask("PUT", "/v1/tasks/x", token: own, body: "{}").status == 403)
        }
    }

    @Test("tags are set, moved and removed by those who may write, tasks by those who may everywhere")
    func writing() async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write)
        try await RunningServer.run(models.registry) { server in
            func put(_ path: String, _ body: String, _ token: String?) async throws -> RawConnection.Answer {
                try await server.ask("PUT", path, token: token, body: body)
            }
            let path = "/v1/models/Acme/tuned/tags/next"
            let body = #"{"version": "v1"}"#
            #expect(try await put(path, body, nil).status == 401)
            #expect(try await put(path, body, models.reader).status == 403)
            let answer = try await put(path, body, writer)
            #expect(try answer.status == 200 && answer.json()["name"].string == "next")
            let tags = try await server.ask("GET", "/v1/models/Acme/tuned/tags", token: writer).json()["tags"].array
            #expect(tags.compactMap { $0["name"].string } == ["next", "prod"])
            #expect(try await server.ask("HEAD", "/Acme/tuned/resolve/next/config.json", token: writer).status == 200)
            for (path, body, status) in [
                (path, "", 400), (path, "[]", 400), (path, "{}", 400), (path, #"{"version": 1}"#, 400),
                (path, #"{"version": "v7"}"#, 404), (path, #"{"version": "none"}"#, 404),
                (path, "{\"version\": \"v1\"", 400),
                ("/v1/models/Acme/tuned/tags/v3", body, 400), ("/v1/models/Acme/tuned/tags/main", body, 400),
                ("/v1/models/Acme/tuned/tags/a--b", body, 400), ("/v1/models/none/tags/x", body, 404),
            ] {
                #expect(try await put(path, body, writer).status == status, "\(path) \(body)")
            }
            #expect(try await server.ask("DELETE", path, token: models.reader).status == 403)
            let gone = try await server.ask("DELETE", path, token: writer)
            #expect(gone.status == 204 && gone.body.isEmpty)
            #expect(try await server.ask("DELETE", path, token: writer).status == 404)
            #expect(
                try await put("/v1/tasks/math", #"{"description": "sums"}"#, writer).json()["description"].string
                    == "sums")
            #expect(try await put("/v1/tasks/math", "{}", models.reader).status == 403)
            #expect(
                try await server.ask("GET", "/v1/tasks", token: models.reader).json()["tasks"][0]["name"].string
                    == "math")
            for path in ["/api/models/Acme/tuned/super-squash/main", "/api/models/Acme/tuned/discussions"] {
                #expect(try await server.ask("POST", path, token: writer, body: "{}").status == 501, "\(path)")
            }
        }
    }

    @Test("a registry that is opened for reading only is served, and says so to those who write")
    func readOnly() async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write)
        let registry = try ModelRegistry(path: models.registry.path, options: .init(isReadOnly: true))
        try await RunningServer.run(registry) { server in
            #expect(
                try await server.ask("GET", "/Acme/tuned/resolve/main/model.safetensors", token: writer).body
                    == models.file)
            let answer = try await server.ask(
                "PUT", "/v1/models/Acme/tuned/tags/x", token: writer, body: #"{"version":"v1"}"#)
            #expect(
                answer.status >= 400 && (answer["X-Error-Message"] ?? "").contains("\(models.directory.path)") == false)
        }
    }

    @Test("the log has no secrets, wherever a client puts them, and no control characters")
    func secrets() async throws {
        let models = try await ServedModels()
        let secret = models.reader
        try await RunningServer.run(models.registry) { server in
            let hex = String(secret.utf8.first.map { String($0, radix: 16) } ?? "")
            let escaped = "%" + hex + secret.dropFirst()
            for path in [
                "/api/models/\(secret)", "/\(secret)/resolve/main/x?token=\(secret)", "/v1/models?search=\(secret)",
                "/api/models/\(escaped)", "/hf%5F\(secret.dropFirst(3))", "/a%0aerror%1b",
                "/Acme/tuned/resolve/\(secret)/x",
            ] {
                _ = try await server.ask(
                    "GET", path, token: secret, ["User-Agent": secret, "Range": secret, "Cookie": secret])
                _ = try await server.ask(secret, path, ["Authorization": secret])
            }
            let basic = Data("x:\(secret)".utf8).base64EncodedString()
            _ = try await server.ask("GET", "/v1/models", ["Authorization": "Basic \(basic)"])
            let log = try server.logText()
            #expect(!log.contains(secret) && !log.contains(secret.dropFirst(3)) && !log.contains(basic))
            #expect(try server.log().contains { $0["token.name"].string == "reader" })
            let metrics = try await server.ask("GET", "/metrics", token: secret).text
            #expect(!metrics.contains(secret.dropFirst(3)))
        }
    }
}
