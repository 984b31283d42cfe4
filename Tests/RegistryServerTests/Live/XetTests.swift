import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Uploads over Xet")
struct XetTests {
    /// What the token route gave.
    private struct Access {
        let secret: String
        /// The path of the CAS URL.
        let path: String

        init(_ answer: RawConnection.Answer) throws {
            let body = try answer.json()
            secret = try #require(body["accessToken"].string)
            let address = try #require(body["casUrl"].string)
            #expect(address.hasPrefix("http://test/cas/"))
            path = String(address.dropFirst("http://test".count))
            #expect(answer["X-Xet-Cas-Url"] == address)
            #expect(answer["X-Xet-Access-Token"] == secret)
            let expires = try #require(body["exp"].integer)
            #expect(answer["X-Xet-Token-Expiration"] == "\(expires)")
            #expect((3000...3600).contains(Double(expires) - Date().timeIntervalSince1970))
        }
    }

    private func post(
        _ server: RunningServer, _ path: String, _ secret: String?, _ bytes: [UInt8]
    ) async throws -> RawConnection.Answer {
        var fields = ["Connection": "close", "Content-Length": "\(bytes.count)"]
        fields["Authorization"] = secret.map { "Bearer \($0)" }
        let connection = try await server.connect()
        defer { connection.close() }
        try await connection.request("POST", path, fields)
        try await connection.send(bytes)
        return try await connection.answer()
    }

    private func access(
        _ server: RunningServer, _ token: String, _ model: String = "Acme/new"
    ) async throws -> Access {
        try Access(try await server.ask("GET", "/api/models/\(model)/xet-write-token/main", token: token))
    }

    private func ready(_ models: ServedModels, _ model: String) -> Int {
        FolderContents.files(in: models.registry.path + "/uploads/ready/" + model).count
    }

    @Test(
        "a captured upload makes its files ready for the model of its token", arguments: [CapturedUpload.current, .old])
    func replay(upload: CapturedUpload) async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write, namespace: "Acme")
        let shard = try upload.shardBytes()
        let xorb = try upload.xorbBytes()
        let secret = try await RunningServer.run(models.registry) { server in
            let access = try await access(server, writer)
            for feature in ["/v1/chunks/default/\(upload.xorb)", "/v1/nothing"] {
                #expect(try await server.ask("GET", access.path + feature, token: access.secret).status == 404)
            }
            for feature in ["/v2/shards", "/v1/xorb-grants/default/\(upload.xorb)"] {
                let answer = try await post(server, access.path + feature, access.secret, shard)
                #expect(try answer.status == 404 && answer.json()["error"].string != nil, "\(feature)")
            }
            #expect(
                try await post(server, access.path + "/v1/telemetry", access.secret, Array("{}".utf8)).status == 200)
            let early = try await post(server, access.path + "/v1/shards", access.secret, shard)
            #expect(early.status == 400 && early["X-Error-Code"] == "unknownXorb")
            let path = "\(access.path)/v1/xorbs/default/\(upload.xorb)"
            let sent = try await post(server, path, access.secret, xorb)
            #expect(try sent.status == 200 && sent.json()["was_inserted"] == .bool(true))
            let done = try await post(server, access.path + "/v1/shards", access.secret, shard)
            #expect(try done.status == 200 && done.json()["result"].integer == 1)
            #expect(ready(models, "Acme@new") == upload.files)
            #expect(try await self.access(server, writer).path != access.path, "what was missing raises the epoch")
            #expect(!(try server.logText().contains(access.secret)))
            return access
        }
        // What was taken outlives the server, and so does the client's token.
        let reopened = try ModelRegistry(path: models.registry.path)
        try await RunningServer.run(reopened) { server in
            let answer = try await post(server, secret.path + "/v1/shards", secret.secret, shard)
            #expect(answer.status == 200)
        }
    }

    @Test("a client may use its own address only, with a text of this server that has not expired")
    func foreign() async throws {
        let models = try await ServedModels()
        let first = try models.token(.write)
        let second = try models.token(.write)
        let upload = CapturedUpload.old
        let xorb = try upload.xorbBytes()
        let key = try models.registry.capabilityKey()
        try await RunningServer.run(models.registry) { server in
            let mine = try await access(server, first)
            let other = try await access(server, second)
            #expect(mine.path != other.path)
            let path = "\(mine.path)/v1/xorbs/default/\(upload.xorb)"
            #expect(try await post(server, path, other.secret, xorb).status == 403)
            #expect(try await post(server, mine.path + "/v1/shards", other.secret, []).status == 403)
            let scope = String(mine.path.split(separator: "-").last ?? "")
            let expired = try key.sign("xet-write", ["Acme/new", scope], until: 1000)
            let purpose = try key.sign("lfs", ["Acme/new", scope], until: .max / 2)
            for secret in [nil, "x", first, expired, purpose, String(mine.secret.dropLast()), mine.secret + "00"] {
                let answer = try await post(server, path, secret, xorb)
                #expect(answer.status == 401, "\(secret ?? "none")")
                #expect(try await post(server, mine.path + "/v1/shards", secret, []).status == 401)
            }
            for place in ["x", "1-\(scope)x", "..%2F1-\(scope)"] {
                #expect(try await post(server, "/cas/\(place)/v1/shards", mine.secret, []).status == 404, "\(place)")
            }
            #expect(try await post(server, path, mine.secret, xorb).status == 200)
            #expect(ready(models, "Acme@new") == 0)
        }
    }

    @Test("only those who may write to a model get a token for it")
    func tokens() async throws {
        let models = try await ServedModels()
        let narrow = try models.token(.write, namespace: "Acme")
        try await RunningServer.run(models.registry) { server in
            let path = "/api/models/Acme/tuned/xet-write-token/main"
            let anonymous = try await server.ask("GET", path)
            #expect(anonymous.status == 401)
            #expect(try await server.ask("GET", path, token: models.reader).status == 403)
            #expect(try await server.ask("GET", path, token: narrow).status == 200)
            #expect(
                try await server.ask("GET", "/api/models/other/x/xet-write-token/main", token: narrow).status == 404)
            #expect(
                try await server.ask("GET", "/api/models/Acme/tuned/xet-read-token/main", token: narrow).status == 501)
        }
    }

    @Test("a xorb that is none, or is too long, is refused, and the answer comes through")
    func refusals() async throws {
        let models = try await ServedModels()
        let writer = try models.token(.write)
        let upload = CapturedUpload.current
        try await RunningServer.run(models.registry) { server in
            let access = try await access(server, writer)
            let path = "\(access.path)/v1/xorbs/default/\(upload.xorb)"
            for bytes in [[], [0], Array(try upload.xorbBytes().dropLast())] as [[UInt8]] {
                let answer = try await post(server, path, access.secret, bytes)
                #expect(answer.status == 400 && answer["X-Error-Code"] == "malformedXorb")
            }
            #expect(
                try await post(server, access.path + "/v1/xorbs/default/abc", access.secret, [1]).status == 400)
            let long = try await server.ask(
                "POST", path, token: access.secret, ["Content-Length": "\(XorbStore.longestXorb + 1)"])
            #expect(long.status == 413)
            var wrong = try upload.xorbBytes()
            wrong[7756 + 8] ^= 1
            #expect(try await post(server, path, access.secret, wrong).status == 200)
            let shard = try upload.shardBytes()
            let answer = try await post(server, access.path + "/v1/shards", access.secret, shard)
            #expect(answer.status == 400 && answer["X-Error-Code"] == "uploadMismatch")
            #expect(!answer.text.contains(models.registry.path))
            let next = try await self.access(server, writer)
            #expect(next.path != access.path)
            #expect(try await post(server, next.path + "/v1/shards", next.secret, shard).status == 400)
            #expect(
                try await post(server, "\(next.path)/v1/xorbs/default/\(upload.xorb)", next.secret, upload.xorbBytes())
                    .status == 200)
            #expect(try await post(server, next.path + "/v1/shards", next.secret, shard).status == 200)
            #expect(ready(models, "Acme@new") == upload.files)
        }
    }
}
