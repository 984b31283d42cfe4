import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Damage and HTTP")
struct DamagedContentTests {
    /// Flips a bit at a part of a model's pack, in thousandths.
    private static func damage(_ path: String, at thousandths: Int) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        data[data.count / 1000 * thousandths] ^= 0x10
        try data.write(to: URL(filePath: path))
    }

    @Test("damage in the middle cuts the connection before the announced length, and is logged and counted")
    func middle() async throws {
        let models = try await ServedModels()
        let file = try await models.addLarge()
        try Self.damage(try models.pack(of: "large"), at: 600)
        let registry = try ModelRegistry(path: models.registry.path)
        try await RunningServer.run(registry, { $0.allowsAnonymousRead = true }) { server in
            for (path, expected) in [
                ("/large/resolve/main/model.safetensors", file),
                ("/v1/models/large/versions/main/tensors/embeddings.weight", Array(file.suffix(16 << 20))),
            ] {
                let connection = try await server.connect()
                try await connection.request("GET", path)
                let answer = try await connection.answer()
                #expect(answer.status == 200 && answer["Content-Length"] == "\(expected.count)")
                #expect(answer.isCut && !answer.body.isEmpty)
                // What came before was checked.
                #expect(answer.body == Array(expected.prefix(answer.body.count)))
                #expect(try await connection.rest().isEmpty)
            }
            #expect(try await server.metric("deltaic_content_cut_off_total") == 2)
            let lines = try server.log().filter { $0["level"].string == "error" }
            #expect(lines.count == 2, "\(lines)")
            #expect(lines.allSatisfy { $0["error"].string?.contains("embeddings.weight") == true }, "\(lines)")
            #expect(
                try await becomesTrue {
                    try server.log().filter { $0["message"].string == "request" && $0["cut"].string == "true" }.count
                        == 2
                })
            // Ranges that the damage is not in are served.
            let answer = try await server.ask(
                "GET", "/large/resolve/main/model.safetensors", ["Range": "bytes=0-99999"])
            #expect(answer.body == Array(file.prefix(100_000)))
            #expect(try await server.metric("deltaic_content_streams") == 0)
            #expect(try await server.metric("deltaic_content_held_chunks") == 0)
        }
    }

    @Test("damage that is known before the first byte is a failure in words, not of the server's disk")
    func first() async throws {
        let models = try await ServedModels()
        _ = try await models.addLarge()
        let pack = try models.pack(of: "large")
        try Self.damage(pack, at: 20)
        let registry = try ModelRegistry(path: models.registry.path)
        try await RunningServer.run(registry, { $0.allowsAnonymousRead = true }) { server in
            let path = "/v1/models/large/versions/main/tensors/embeddings.weight"
            let answer = try await server.ask("GET", path)
            #expect(answer.status == 500 && answer["X-Error-Code"] != nil && !answer.isCut)
            #expect(try answer.json()["error"].string?.contains(models.directory.path) == false)
            #expect(try server.log().contains { $0["error"].string?.contains("embeddings.weight") == true })
            // Known without the pack.
            #expect(try await server.ask("HEAD", path).status == 200)
            // Anything else goes on.
            #expect(try await server.ask("GET", "/Acme/tuned/resolve/main/model.safetensors").body == models.file)
        }
    }

    @Test("a pack that is gone is a failure of what lay in it alone, and the log names it")
    func missing() async throws {
        let models = try await ServedModels()
        _ = try await models.addLarge()
        let pack = try models.pack(of: "large")
        try FileManager.default.removeItem(atPath: pack)
        let registry = try ModelRegistry(path: models.registry.path)
        try await RunningServer.run(registry, { $0.allowsAnonymousRead = true }) { server in
            let answer = try await server.ask("GET", "/large/resolve/main/model.safetensors")
            #expect(answer.status == 500 && !answer.text.contains(models.directory.path), "\(answer.text)")
            #expect(try await server.ask("GET", "/Acme/tuned/resolve/main/model.safetensors").body == models.file)
        }
    }

    @Test("a digest in the catalog that the file does not have is never answered with the file")
    func wrongDigest() async throws {
        let models = try await ServedModels()
        let wrong = String(repeating: "00", count: 32)
        let database = models.registry.path + "/catalog.sqlite"
        let script =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE files SET sha256 = ? WHERE path = ?', (bytes.fromhex(sys.argv[2]), 'model.safetensors')); c.commit()"
        let outcome = try ChildProcess.run("python3", ["-c", script, database, wrong])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let registry = try ModelRegistry(path: models.registry.path)
        try await RunningServer.run(registry, { $0.allowsAnonymousRead = true }) { server in
            let answer = try await server.ask("GET", "/Acme/tuned/resolve/main/model.safetensors")
            #expect(answer.status == 500 || answer.isCut)
        }
    }
}
