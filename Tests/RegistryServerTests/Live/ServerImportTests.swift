import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Imports by the server")
struct ServerImportTests {
    @Test("a server imports from the addresses that it may, tells how far it is, and refuses others")
    func imports() async throws {
        let source = try await ServedModels()
        let directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        let registry = try ModelRegistry(path: directory.path("registry"), options: .init(threads: 2))
        let writer = try registry.addToken(name: "writer", scope: .write).secret
        let own = try registry.addToken(name: "own", scope: .write, namespace: "mine").secret
        let reader = try registry.addToken(name: "reader", scope: .read).secret
        try await RunningServer.run(source.registry) { hub in
            let url = "http://127.0.0.1:\(hub.port)"
            try await RunningServer.run(
                registry, { $0.importSources = [.init(url: url, token: source.reader)] }
            ) { server in
                func post(_ fields: String, _ token: String) async throws -> RawConnection.Answer {
                    try await server.ask("POST", "/v1/imports", token: token, body: "{\(fields)}")
                }
                let from = #""from": "\#(url)""#
                for (fields, token, status) in [
                    (#""model": "tiny", \#(from)"#, reader, 403), (#""model": "tiny", \#(from)"#, own, 404),
                    (#""model": "tiny", "from": "http://127.0.0.1:1""#, writer, 403),
                    (#""model": "tiny", "from": "file:///etc""#, writer, 400),
                    (#""model": "a b", \#(from)"#, writer, 400),
                    (#""model": "tiny", "base": "none", \#(from)"#, writer, 404), ("", writer, 400),
                ] {
                    #expect(try await post(fields, token).status == status, "\(fields)")
                }
                func imported(_ fields: String, _ token: String) async throws -> JSONValue {
                    let started = try await post(fields, token)
                    #expect(started.status == 202)
                    let id = try #require(try started.json()["id"].string)
                    var job = try started.json()
                    #expect(
                        try await becomesTrue {
                            job = try await server.ask("GET", "/v1/imports/\(id)", token: token).json()
                            return job["state"].string != "running"
                        })
                    return job
                }
                let base = try await imported(#""model": "tiny", \#(from)"#, writer)
                #expect(base["state"].string == "done" && base["version"].string == "tiny@v1")
                let tuned = try await imported(
                    #""model": "Acme/tuned", "name": "mine/tuned", "base": "tiny", \#(from)"#, own)
                #expect(tuned["version"].string == "mine/tuned@v1")
                let file = try await server.ask("GET", "/mine/tuned/resolve/main/model.safetensors", token: reader)
                #expect(file.body == source.file)
                let missing = try await imported(#""model": "none", \#(from)"#, writer)
                #expect(missing["state"].string == "failed" && missing["error"].string?.isEmpty == false)
                let all = try await server.ask("GET", "/v1/imports", token: own).json()["imports"].array
                #expect(all.count == 1 && all[0]["name"].string == "mine/tuned")
                #expect(try await server.ask("GET", "/v1/imports/x", token: writer).status == 404)
            }
        }
    }
}
