import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryClient
@testable import RegistryServer

/// A registry that is served, another one, and what moves between them over HTTP.
private struct ServedPair {
    let served: ServedModels
    let local: ModelRegistry
    let directory: TemporaryDirectory
    let writer: String

    init() async throws {
        served = try await ServedModels()
        writer = try served.token(.write)
        directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        local = try ModelRegistry(path: directory.path("registry"), options: .init(threads: 2))
    }

    func remote(_ server: RunningServer, token: String? = nil) throws -> RemoteRegistry {
        var options = HTTPConnection.Options()
        options.pause = 5
        options.retries = 2
        return try RemoteRegistry(
            name: "origin", remote: try Remote(url: "http://127.0.0.1:\(server.port)", token: token ?? writer),
            environment: [:], options: options)
    }

    /// Runs `body` with a connection to the server.
    func connected<Result: Sendable>(
        token: String? = nil, _ body: (RunningServer, RemoteRegistry) async throws -> Result
    ) async throws -> Result {
        try await RunningServer.run(served.registry) { server in
            let remote = try remote(server, token: token)
            do {
                let result = try await body(server, remote)
                await remote.close()
                return result
            } catch {
                await remote.close()
                throw error
            }
        }
    }

    func files(_ registry: ModelRegistry, _ name: String) async throws -> [String: String] {
        let folder = directory.path("out-\(UUID().uuidString)")
        _ = try await registry.pull(try VersionReference(name), to: folder)
        return try FolderContents.digests(of: folder)
    }

    /// Whether two registries give the same files.
    func isSame(
        _ left: ModelRegistry, _ leftName: String, _ right: ModelRegistry, _ rightName: String
    ) async throws -> Bool {
        let files = try await files(left, leftName)
        let others = try await self.files(right, rightName)
        return !files.isEmpty && files == others
    }

    /// Adds a base and a fine-tune of it to the local registry.
    func addLocal(lossy: Bool = false) async throws {
        let base = SyntheticModel(seed: 31, rows: 300)
        _ = try await local.addBase(
            try base.write("lbase", in: directory), as: Registration(name: ModelName("lbase")))
        let request = LossyRequest(
            recipe: try Recipe(codec: "seeded-sign", settings: [:], embeddings: .exact, head: .exact))
        _ = try await local.register(
            try base.tuned(seed: 32).write("ltuned", in: directory),
            as: Registration(
                name: ModelName("org/ltuned"), base: try VersionReference("lbase"), tags: ["prod"],
                lossy: lossy ? request : nil))
    }
}

private func failure<Value>(_ body: () async throws -> Value) async -> DeltaicError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? DeltaicError
    }
}

@Suite("Registries that exchange versions over HTTP")
struct ExchangeTests {
    @Test("a push moves the version and its base, a second one no pack", arguments: [false, true])
    func push(lossy: Bool) async throws {
        let pair = try await ServedPair()
        try await pair.addLocal(lossy: lossy)
        try await pair.connected { _, remote in
            let pusher = PushVersion(from: pair.local, to: remote)
            let first = try await pusher.run(try VersionReference("org/ltuned"))
            #expect(first.versions.map(\.reference) == ["lbase@v1", "org/ltuned@v1"])
            #expect(first.versions.allSatisfy { $0.movedBytes == $0.packBytes })
            #expect(first.sentBytes >= first.movedBytes)
            #expect(first.tags.map(\.outcome) == [.copied])
            let second = try await pusher.run(try VersionReference("org/ltuned"))
            #expect(second.versions.isEmpty && second.tags.isEmpty && second.sentBytes == 0)
            #expect(try await pair.isSame(pair.served.registry, "org/ltuned:prod", pair.local, "org/ltuned"))
            let sides = try [pair.served.registry, pair.local].map {
                try $0.describe(VersionReference("org/ltuned"))
            }
            #expect(sides[0].version.commit == sides[1].version.commit && sides[0].pack == sides[1].pack)
        }
        #expect(try await pair.served.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("a pull registers the version and its base here, and the same again moves no pack")
    func pull() async throws {
        let pair = try await ServedPair()
        try await pair.connected(token: pair.served.reader) { _, remote in
            let puller = PullVersionFromRemote(from: remote, to: pair.local)
            let first = try await puller.run(try VersionReference("Acme/tuned:prod"))
            #expect(first.versions.map(\.reference) == ["tiny@v1", "Acme/tuned@v1"])
            #expect(first.receivedBytes >= first.movedBytes && first.tags.map(\.tag) == ["prod"])
            let second = try await puller.run(try VersionReference("Acme/tuned"))
            #expect(second.versions.isEmpty && second.receivedBytes < 10_000)
            #expect(try await pair.isSame(pair.served.registry, "Acme/tuned", pair.local, "Acme/tuned:prod"))
            // Thin: the receiver has a tensor from somewhere else.
            let thin = try await puller.run(try VersionReference("other/secret"))
            #expect(thin.versions.map(\.reference) == ["other/secret@v1"])
        }
        #expect(try await pair.local.check(isQuick: false).problems.isEmpty)
    }

    @Test("a push that was cut off goes on where it was")
    func resumedPush() async throws {
        let pair = try await ServedPair()
        try await pair.addLocal()
        let reference = try VersionReference("lbase")
        // The configuration is there already.
        let closure = try pair.local.closure(of: reference)
        let lacking = Set(try pair.served.registry.lacking(closure.objects.map(\.sha256)))
        let pack = try await pair.local.transferPack(of: reference, objects: closure.needed(lacking: lacking))
        #expect(!pack.isOwn)
        let file = try pair.local.openTransferPack(pack.id)
        let part = try file.read(0..<file.size / 3)
        try await pair.connected { _, remote in
            let begun = try await remote.begin(pack)
            let first = try await remote.send(part, at: 0, of: pack)
            // The same part again, as after an answer that was lost.
            let second = try await remote.send(part, at: 0, of: pack)
            #expect(begun == 0 && first == part.count && second == part.count)
        }
        // A server that was started anew knows how far it was.
        try await pair.connected { server, remote in
            let status = try await server.ask("GET", "/v1/transfers/\(pack.id)", token: pair.writer)
            #expect(try status.json()["received"].integer == part.count)
            let report = try await PushVersion(from: pair.local, to: remote).run(reference)
            #expect(report.versions.map(\.movedBytes) == [file.size - part.count])
        }
        #expect(try await pair.isSame(pair.served.registry, "lbase", pair.local, "lbase"))
        try Evidence.record(
            family: 18, "pushes that are cut off and go on at a server that was started anew", tried: 1,
            outcomes: ["right": 1])
    }

    @Test("what an earlier attempt left damaged is found, thrown away and sent again")
    func damagedRest() async throws {
        let pair = try await ServedPair()
        try await pair.addLocal()
        let reference = try VersionReference("lbase")
        // The configuration is there already.
        let closure = try pair.local.closure(of: reference)
        let lacking = Set(try pair.served.registry.lacking(closure.objects.map(\.sha256)))
        let pack = try await pair.local.transferPack(of: reference, objects: closure.needed(lacking: lacking))
        #expect(!pack.isOwn)
        let file = try pair.local.openTransferPack(pack.id)
        var part = try file.read(0..<file.size / 3)
        part[part.count / 2] ^= 1
        try await pair.connected { _, remote in
            _ = try await remote.begin(pack)
            _ = try await remote.send(part, at: 0, of: pack)
            let report = try await PushVersion(from: pair.local, to: remote).run(reference)
            #expect(report.versions.map(\.movedBytes) == [file.size])
        }
        #expect(try await pair.isSame(pair.served.registry, "lbase", pair.local, "lbase"))
    }

    @Test("a pull that was cut off goes on with a range")
    func resumedPull() async throws {
        let pair = try await ServedPair()
        let reference = try VersionReference("tiny")
        let pack = try #require(try pair.served.registry.describe(reference).pack)
        let file = try pair.served.registry.openTransferPack(pack)
        do {
            let incoming = try pair.local.incomingPack(pack)
            try incoming.append(try file.read(0..<1000))
        }
        try await pair.connected { server, remote in
            let report = try await PullVersionFromRemote(from: remote, to: pair.local).run(reference)
            #expect(report.versions.map(\.movedBytes) == [file.size - 1000])
            #expect(try server.log().contains { $0["range"].string == "bytes=1000-" })
        }
        #expect(try await pair.isSame(pair.served.registry, "tiny", pair.local, "tiny"))
    }

    @Test("registries that have diverged are told of, and nothing is changed")
    func diverged() async throws {
        let pair = try await ServedPair()
        let base = SyntheticModel(seed: 1)
        _ = try await pair.local.addBase(
            try base.write("base", in: pair.directory), as: Registration(name: ModelName("tiny"), message: "mine"))
        _ = try await pair.local.register(
            try base.tuned(seed: 77).write("mine", in: pair.directory),
            as: Registration(name: ModelName("Acme/tuned"), base: try VersionReference("tiny")))
        try await pair.connected { _, remote in
            let reference = try VersionReference("Acme/tuned")
            let push = await failure { try await PushVersion(from: pair.local, to: remote).run(reference) }
            #expect(push?.code.word == "diverged" && push?.message.contains("origin's Acme/tuned@v1") == true)
            let pull = await failure { try await PullVersionFromRemote(from: remote, to: pair.local).run(reference) }
            #expect(pull?.code.word == "diverged")
            // The bases are equal files under two commits: fine-tunes of one go to the other.
            let secret = try await PullVersionFromRemote(from: remote, to: pair.local).run(
                try VersionReference("other/secret"))
            #expect(secret.versions.map(\.reference) == ["other/secret@v1"])
            let report = try await SyncRegistries(pair.local, with: remote).run()
            #expect(report.models.map(\.model) == ["tiny", "Acme/tuned", "other/secret"])
            #expect(report.models.map { $0.problem != nil } == [false, true, false])
        }
    }

    @Test("a sync moves both ways, bases first, and leaves tags alone that name something else")
    func sync() async throws {
        let pair = try await ServedPair()
        try await pair.addLocal()
        try await pair.connected { _, remote in
            let report = try await SyncRegistries(pair.local, with: remote).run()
            #expect(report.models.map(\.model) == ["lbase", "tiny", "Acme/tuned", "org/ltuned", "other/secret"])
            #expect(report.models.map { $0.pulled.count } == [0, 1, 1, 0, 1])
            #expect(report.models.map { $0.pushed.count } == [1, 0, 0, 1, 0])
            #expect(report.models.allSatisfy { $0.problem == nil })
            let again = try await SyncRegistries(pair.local, with: remote).run()
            #expect(again.models.allSatisfy { $0.movedBytes == 0 && $0.tags.isEmpty && $0.problem == nil })
            let unknown = await failure {
                try await SyncRegistries(pair.local, with: remote).run([try ModelName("none")])
            }
            #expect(unknown?.code.word == "unknownModel")
            // A second version here, whose tag names the first one there.
            _ = try await pair.local.register(
                try SyntheticModel(seed: 31, rows: 300).tuned(seed: 40).write("second", in: pair.directory),
                as: Registration(
                    name: ModelName("org/ltuned"), base: try VersionReference("lbase"), tags: ["prod"]))
            let pusher = PushVersion(from: pair.local, to: remote)
            let left = try await pusher.run(try VersionReference("org/ltuned"))
            #expect(left.versions.map(\.number) == [2] && left.tags.map(\.outcome) == [.leftAlone])
            let moved = try await pusher.run(try VersionReference("org/ltuned"), movesTags: true)
            #expect(moved.versions.isEmpty && moved.tags.map(\.outcome) == [.moved])
            #expect(try pair.served.registry.files(of: VersionReference("org/ltuned:prod")).version.number == 2)
        }
    }

    @Test("only tokens for all namespaces exchange versions: read pulls, write pushes")
    func tokens() async throws {
        let pair = try await ServedPair()
        let id = String(repeating: "0", count: 64)
        let reads = [
            ("GET", "/v1/history/tiny"), ("GET", "/v1/models/tiny/versions/v1/objects"),
            ("POST", "/v1/models/tiny/versions/v1/pack"), ("GET", "/v1/packs/\(id)"),
        ]
        let writes = [
            ("POST", "/v1/objects/lacking"), ("POST", "/v1/transfers"), ("GET", "/v1/transfers/\(id)"),
            ("PUT", "/v1/transfers/\(id)?offset=0"), ("POST", "/v1/transfers/\(id)/version"),
        ]
        let own = try pair.served.token(.write, namespace: "Acme")
        for anonymous in [false, true] {
            try await RunningServer.run(pair.served.registry, { $0.allowsAnonymousRead = anonymous }) { server in
                func status(_ method: String, _ path: String, _ token: String?) async throws -> Int {
                    try await server.ask(method, path, token: token, body: method == "GET" ? nil : "{}").status
                }
                for (method, path) in reads + writes {
                    #expect(try await status(method, path, nil) == 401, "\(method) \(path)")
                    #expect(try await status(method, path, own) == 403, "\(method) \(path)")
                }
                for (method, path) in reads {
                    let read = try await status(method, path, pair.served.reader)
                    #expect([200, 400, 404].contains(read), "\(path)")
                }
                for (method, path) in writes {
                    #expect(try await status(method, path, pair.served.reader) == 403, "\(method) \(path)")
                    let written = try await status(method, path, pair.writer)
                    #expect([200, 400].contains(written), "\(method) \(path)")
                }
            }
        }
    }

    @Test("requests that make no sense are refused in words")
    func badRequests() async throws {
        let pair = try await ServedPair()
        let id = String(repeating: "0", count: 64)
        try await RunningServer.run(pair.served.registry) { server in
            func ask(_ method: String, _ path: String, _ body: String?) async throws -> RawConnection.Answer {
                try await server.ask(method, path, token: pair.writer, body: body)
            }
            #expect(try await ask("POST", "/v1/objects/lacking", #"{"objects": ["12"]}"#).status == 400)
            #expect(try await ask("POST", "/v1/transfers", #"{"id": "\#(id)", "size": -1}"#).status == 400)
            #expect(try await ask("POST", "/v1/transfers", #"{"id": "xyz", "size": 1}"#).status == 400)
            #expect(try await ask("PUT", "/v1/transfers/\(id)", "abc").status == 400)
            #expect(try await ask("PUT", "/v1/transfers/xyz?offset=0", "abc").status == 404)
            let wrong = try await ask("PUT", "/v1/transfers/\(id)?offset=5", "abc")
            #expect(wrong.status == 409 && wrong["X-Error-Code"] == "wrongOffset")
            #expect(try await ask("PUT", "/v1/transfers/\(id)?offset=0", "abc").json()["received"].integer == 3)
            let refused = try await ask("POST", "/v1/transfers/\(id)/version", "{}")
            #expect(refused.status == 400 && refused["X-Error-Code"] == "refusedTransfer")
            #expect(!refused.text.contains(pair.served.registry.path))
            #expect(try await ask("GET", "/v1/packs/\(id)", nil).status == 404)
            #expect(
                try await ask("POST", "/v1/models/tiny/versions/v1/pack", #"{"objects": ["\#(id)"]}"#).status == 404)
            #expect(try await ask("GET", "/v1/history/none", nil).json()["lastNumber"].integer == 0)
            let pack = try #require(try pair.served.registry.describe(VersionReference("tiny")).pack)
            let size = try pair.served.registry.openTransferPack(pack).size
            let range = try await server.ask(
                "GET", "/v1/packs/\(pack)", token: pair.writer, ["Range": "bytes=8-15"])
            #expect(range.status == 206 && range.body.count == 8)
            #expect(range["Content-Range"] == "bytes 8-15/\(size)")
            let head = try await server.ask("HEAD", "/v1/packs/\(pack)", token: pair.writer)
            #expect(head.status == 200 && head["Content-Length"] == "\(size)")
            let past = try await server.ask(
                "GET", "/v1/packs/\(pack)", token: pair.writer, ["Range": "bytes=\(size)-"])
            #expect(past.status == 416)
        }
    }

    @Test(
        "a model is imported from a server of ours as from the Hub; interrupted, it goes on, and the same commit again moves nothing"
    )
    func importModel() async throws {
        let pair = try await ServedPair()
        let large = try await pair.served.addLarge()
        try await pair.connected { server, _ in
            let url = "http://127.0.0.1:\(server.port)"
            var request = HubImport(model: try ModelName("Acme/tuned"), url: url, token: pair.served.reader)
            request.name = try ModelName("mine/tuned")
            let first = try await pair.local.importModel(request)
            #expect(
                first.registration?.isNew == true && first.version.isBase && first.version.reference == "mine/tuned@v1")
            #expect(first.version.metadata["source-commit"] == first.commit.hex)
            #expect(
                first.version.metadata["source-url"] == url && first.version.metadata["source-model"] == "Acme/tuned")
            #expect(try await pair.isSame(pair.local, "mine/tuned", pair.served.registry, "Acme/tuned"))
            let second = try await pair.local.importModel(request)
            #expect(second.registration == nil && second.downloadedBytes == 0)

            // What a killed import leaves: the beginning of a file.
            let commit = try #require(try pair.served.registry.log(of: ModelName("large")).first).commit
            let folder = try pair.local.importFolder(try Digest.sha256(Array("\(url)\nlarge\n\(commit)".utf8)))
            let places = try folder.places(for: "model.safetensors")
            try Data(large.prefix(9_000_000)).write(to: URL(filePath: places.part))
            let locked = await failure {
                try await pair.local.importModel(
                    HubImport(model: try ModelName("large"), url: url, token: pair.served.reader))
            }
            #expect(locked?.code.word == "registryLocked")
            withExtendedLifetime(folder) {}
        }
        try await pair.connected { server, _ in
            // Another port is another address.
            let url = "http://127.0.0.1:\(server.port)"
            let commit = try #require(try pair.served.registry.log(of: ModelName("large")).first).commit
            do {
                let folder = try pair.local.importFolder(try Digest.sha256(Array("\(url)\nlarge\n\(commit)".utf8)))
                let places = try folder.places(for: "model.safetensors")
                try Data(large.prefix(9_000_000)).write(to: URL(filePath: places.part))
            }
            let result = try await pair.local.importModel(
                HubImport(model: try ModelName("large"), url: url, token: pair.served.reader))
            #expect(result.downloadedBytes < large.count - 8_900_000 && result.version.reference == "large@v1")
            #expect(try await pair.isSame(pair.local, "large", pair.served.registry, "large"))
            let unknown = await failure {
                try await pair.local.importModel(
                    HubImport(model: try ModelName("none"), url: url, token: pair.served.reader))
            }
            #expect(unknown?.code.word == "unknownModel")
            let denied = await failure {
                try await pair.local.importModel(HubImport(model: try ModelName("large"), url: url, token: "hf_wrong"))
            }
            #expect(denied?.code.word == "accessDenied")
        }
    }
}
