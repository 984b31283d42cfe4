import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Content over HTTP")
struct ContentTests {
    private static let path = "/Acme/tuned/resolve/main/model.safetensors"

    @Test("HEAD says what GET would send, sends nothing, and ignores a range")
    func head() async throws {
        let models = try await ServedModels()
        let commit = try models.registry.files(of: VersionReference("Acme/tuned")).version.commit.hex
        let tag = "\"\(try Digest.sha256(models.file).hex)\""
        try await RunningServer.run(models.registry) { server in
            let connection = try await server.connect()
            for fields in [[:], ["Range": "bytes=0-0"], ["Range": "bytes=99999999-"]] {
                try await connection.request(
                    "HEAD", Self.path, fields.merging(["Authorization": "Bearer \(models.reader)"]) { $1 })
                let answer = try await connection.answer(hasBody: false)
                #expect(answer.status == 200 && answer["Content-Length"] == "\(models.file.count)")
                #expect(answer["ETag"] == tag && answer["X-Repo-Commit"] == commit)
                #expect(answer["Accept-Ranges"] == "bytes" && answer["Content-Range"] == nil)
            }
            // The connection has nothing left over from the answers before.
            try await connection.request("GET", Self.path, ["Authorization": "Bearer \(models.reader)"])
            let answer = try await connection.answer()
            #expect(answer.status == 200 && answer.body == models.file)
            #expect(answer["ETag"] == tag && answer["X-Repo-Commit"] == commit && answer["Accept-Ranges"] == "bytes")
            // Documents too: their HEAD has the length of the body that GET has.
            for path in ["/v1/models", "/api/models/Acme/tuned", "/api/models/none", "/healthz"] {
                let get = try await server.ask("GET", path, token: models.reader)
                let head = try await server.ask("HEAD", path, token: models.reader)
                #expect(head.status == get.status && head["Content-Length"] == "\(get.body.count)", "\(path)")
                #expect(head.body.isEmpty)
            }
        }
    }

    @Test("ranges are exact, past the end is 416, and conditions are kept")
    func ranges() async throws {
        let models = try await ServedModels()
        let size = models.file.count
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            func ask(_ fields: [String: String]) async throws -> RawConnection.Answer {
                try await server.ask("GET", Self.path, fields)
            }
            for (header, range) in [
                ("bytes=0-0", 0..<1), ("bytes=5-", 5..<size), ("bytes=-9", size - 9..<size),
                ("bytes=100-999999999", 100..<size), ("bytes=\(size - 1)-", size - 1..<size),
            ] {
                let answer = try await ask(["Range": header])
                #expect(answer.status == 206 && answer.body == Array(models.file[range]), "\(header)")
                #expect(answer["Content-Range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
                #expect(answer["Accept-Ranges"] == "bytes" && answer["X-Repo-Commit"]?.count == 40)
                #expect(answer["ETag"] != nil)
            }
            for header in ["bytes=\(size)-", "bytes=-0"] {
                let answer = try await ask(["Range": header])
                #expect(answer.status == 416 && answer["Content-Range"] == "bytes */\(size)")
            }
            for header in ["bytes=0-1,4-5", "lines=1-2", "bytes=7-3"] {
                #expect(try await ask(["Range": header]).body == models.file, "\(header)")
            }
            let tag = try #require(try await server.ask("HEAD", Self.path)["ETag"])
            for method in ["GET", "HEAD"] {
                let same = try await server.ask(method, Self.path, ["If-None-Match": "\"x\", W/\(tag)"])
                #expect(same.status == 304 && same.body.isEmpty && same["ETag"] == tag)
                #expect(same["Content-Length"] == nil || same["Content-Length"] == "\(size)")
            }
            #expect(try await ask(["If-None-Match": "\"x\""]).status == 200)
            #expect(try await ask(["Range": "bytes=0-1", "If-Range": tag]).status == 206)
            #expect(try await ask(["Range": "bytes=0-1", "If-Range": "\"x\""]).body == models.file)
        }
    }

    @Test("after an answer without a body the next on the connection is the next, byte for byte")
    func framing() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            let tag = try #require(try await server.ask("HEAD", Self.path)["ETag"])
            let connection = try await server.connect()
            // All at once: pipelined.
            let resolve = "/Acme/tuned/resolve/main"
            try await connection.request("GET", Self.path, ["If-None-Match": tag])
            try await connection.request("GET", "\(resolve)/empty.txt")
            try await connection.request("HEAD", Self.path)
            try await connection.request("GET", "\(resolve)/none")
            try await connection.request("GET", "\(resolve)/empty.txt", ["Range": "bytes=0-"])
            try await connection.request("GET", Self.path, ["Range": "bytes=1-3"])
            let same = try await connection.answer()
            #expect(same.status == 304)
            let empty = try await connection.answer()
            #expect(empty.status == 200 && empty["Content-Length"] == "0")
            #expect(try await connection.answer(hasBody: false).status == 200)
            let none = try await connection.answer()
            #expect(none.status == 404 && none["X-Error-Code"] == "EntryNotFound")
            #expect(none["X-Repo-Commit"]?.count == 40)
            let unsatisfiable = try await connection.answer()
            #expect(unsatisfiable.status == 416 && unsatisfiable["Content-Range"] == "bytes */0")
            #expect(try await connection.answer().body == Array(models.file[1...3]))
        }
    }

    @Test("what is not there has the code that clients decide by")
    func errors() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            let cases = [
                ("/none/it/resolve/main/a", "RepoNotFound"), ("/api/models/none", "RepoNotFound"),
                ("/api/models/a--b", "RepoNotFound"), ("/v1/models/none", "RepoNotFound"),
                ("/Acme/tuned/resolve/v9/a", "RevisionNotFound"), ("/Acme/tuned/resolve/no/a", "RevisionNotFound"),
                ("/Acme/tuned/resolve/refs%2Fpr%2F1/a", "RevisionNotFound"),
                ("/api/models/Acme/tuned/revision/no", "RevisionNotFound"),
                ("/Acme/tuned/resolve/main/none", "EntryNotFound"), ("/Acme/tuned/resolve/main/sub", "EntryNotFound"),
                ("/Acme/tuned/resolve/main/..%2F..%2Fetc%2Fpasswd", "EntryNotFound"),
                ("/api/models/Acme/tuned/tree/main/none", "EntryNotFound"),
                ("/v1/models/Acme/tuned/versions/main/tensors/none", "EntryNotFound"),
                ("/v1/models/Acme/tuned/versions/main/safetensors?tensor=none", "EntryNotFound"),
            ]
            for (path, code) in cases {
                for method in ["GET", "HEAD"] {
                    let answer = try await server.ask(method, path)
                    #expect(answer.status == 404 && answer["X-Error-Code"] == code, "\(method) \(path)")
                    #expect((answer["X-Repo-Commit"] != nil) == (code == "EntryNotFound"), "\(path)")
                    #expect(answer["X-Error-Message"] != nil && answer["X-Request-Id"] != nil)
                    if method == "GET" { #expect(try answer.json()["error"].string != nil) }
                }
            }
            let other = try await server.ask("DELETE", "/v1/models/tiny")
            #expect(other.status == 405 && other["Allow"] == "GET, HEAD")
            for path in ["/api/models/a/tree/main/%zz", "/%ff"] {
                #expect(try await server.ask("GET", path).status == 400, "\(path)")
            }
            #expect(try await server.ask("GET", "/no/such/path/at/all").status == 404)
        }
    }

    @Test("files with odd paths are listed, and come from both APIs")
    func files() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            let escaped = "sub/dir/notes%20%C3%A9%2B%25.md"
            for path in [
                "/Acme/tuned/resolve/prod/\(escaped)", "/Acme/tuned/raw/v1/\(escaped)",
                "/v1/models/Acme/tuned/versions/main/files/\(escaped)",
                "/v1/models/Acme%2Ftuned/versions/main/files/sub%2Fdir%2Fnotes%20%C3%A9+%25.md",
            ] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 200 && answer.text == "# notes\n", "\(path)")
            }
            let pointer = try await server.ask("GET", "/Acme/tuned/raw/main/model.safetensors")
            #expect(pointer.text.hasPrefix("version https://git-lfs.github.com/spec/v1\n"))
            let page = try await server.ask("GET", "/api/models/Acme/tuned/tree/main?recursive=True&limit=3")
            let paths = try page.json().array.compactMap { $0["path"].string }
            let link = try #require(page["Link"])
            #expect(paths.count == 3 && link.hasPrefix("<http://test/api/models/Acme/tuned/tree/main?"), "\(link)")
            var all = paths
            var next = link.firstMatch(of: /<http:\/\/test([^>]*)>; rel="next"/)?.output.1
            while let target = next {
                let page = try await server.ask("GET", String(target))
                all += try page.json().array.compactMap { $0["path"].string }
                next = page["Link"]?.firstMatch(of: /<http:\/\/test([^>]*)>; rel="next"/)?.output.1
            }
            #expect(
                all == [
                    "config.json", "empty.txt", "model.safetensors", "sub", "sub.json", "sub/a.json", "sub/dir",
                    "sub/dir/notes é+%.md",
                ])
            let form = "paths=sub&paths=sub%2Fdir%2Fnotes+%C3%A9%2B%25.md&paths=none&expand=True"
            let info = try await server.ask("POST", "/api/models/Acme/tuned/paths-info/main", body: form)
            #expect(try info.json().array.map { $0["type"].string } == ["directory", "file"])
            #expect(try info.json()[1]["lastCommit"]["id"].string?.count == 40)
        }
    }

    @Test("a tensor has its type, shape and digest in the head, ranges, and HEAD")
    func tensors() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            for tensor in models.tuned.tensors {
                let path = "/v1/models/Acme/tuned/versions/prod/tensors/\(tensor.name)"
                let head = try await server.ask("HEAD", path, ["Range": "bytes=0-1"])
                let whole = try await server.ask("GET", path)
                let part = try await server.ask("GET", path, ["Range": "bytes=4-11"])
                #expect(head.status == 200 && head["Content-Length"] == "\(tensor.bytes.count)")
                #expect(whole.body == tensor.bytes && part.body == Array(tensor.bytes[4...11]) && part.status == 206)
                for answer in [head, whole, part] {
                    #expect(answer["X-Tensor-Dtype"] == "F32")
                    #expect(answer["X-Tensor-Shape"] == tensor.shape.map { "\($0)" }.joined(separator: ","))
                    #expect(answer["ETag"] == "\"\(try Digest.sha256(tensor.bytes).hex)\"")
                    #expect(answer["X-Deltaic-Version"] == "Acme/tuned@v1" && answer["X-Repo-Commit"]?.count == 40)
                }
            }
        }
    }

    @Test("several tensors are a safetensors file of them, in order, each once")
    func subset() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry, { $0.allowsAnonymousRead = true }) { server in
            let path = "/v1/models/Acme/tuned/versions/main/safetensors"
            let answer = try await server.ask(
                "GET",
                path + "?tensor=layer.1.dense.bias&prefix=layer.1.&prefix=layer.0.dense.b&tensor=layer.1.dense.bias")
            let names = ["layer.1.dense.bias", "layer.1.dense.weight", "layer.0.dense.bias"]
            #expect(answer.status == 200 && answer["Content-Length"] == "\(answer.body.count)")
            let length = answer.body.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
            let header = try JSONValue(parsing: String(decoding: answer.body[8..<8 + length], as: UTF8.self))
            var start = 0
            for name in names {
                let tensor = try #require(models.tuned.tensors.first { $0.name == name })
                let offsets = header[name]["data_offsets"].array.compactMap(\.integer)
                #expect(offsets == [start, start + tensor.bytes.count] && header[name]["dtype"].string == "F32")
                #expect(header[name]["shape"].array.compactMap(\.integer) == tensor.shape)
                let data = answer.body[(8 + length)...].dropFirst(start).prefix(tensor.bytes.count)
                #expect(Array(data) == tensor.bytes)
                start += tensor.bytes.count
            }
            #expect(header.keys.filter { $0 != "__metadata__" } == names.sorted())
            #expect(answer.body.count == 8 + length + start)
            let tag = try #require(answer["ETag"])
            let part = try await server.ask(
                "GET", path + "?prefix=layer.0.", ["Range": "bytes=0-1", "If-Range": tag])
            #expect(part.status == 200, "another subset has another tag")
            for query in ["", "?tensor=", "?prefix=none", "?tensor=layer.0.dense.bias&tensor=none"] {
                #expect([400, 404].contains(try await server.ask("GET", path + query).status), "\(query)")
            }
        }
    }

    @Test("a name in other letters leads to the right one, with the query where clients keep it")
    func canonicalNames() async throws {
        let models = try await ServedModels()
        try await RunningServer.run(models.registry) { server in
            let cases = [
                ("/api/models/acme/Tuned?blobs=true", "/api/models/Acme/tuned?blobs=true"),
                ("/api/models/ACME%2Ftuned/revision/main", "/api/models/Acme/tuned/revision/main"),
                ("/acme/tuned/resolve/v1/sub/dir/notes%20x?download=1", "/Acme/tuned/resolve/v1/sub/dir/notes%20x"),
                ("/v1/models/acme/tuned/tags?a=b", "/v1/models/Acme/tuned/tags?a=b"),
                ("/api/models/TINY", "/api/models/tiny"),
            ]
            for (path, location) in cases {
                for method in ["GET", "HEAD"] {
                    let answer = try await server.ask(method, path, token: models.reader)
                    #expect(answer.status == 307 && answer["Location"] == location, "\(path)")
                }
                #expect(try await server.ask("GET", path).status == 401)
            }
            let own = try models.token(.read, namespace: "Acme")
            #expect(
                try await server.ask("GET", "/api/models/acme/tuned", token: own)["Location"]
                    == "/api/models/Acme/tuned")
            let hidden = try await server.ask("GET", "/api/models/OTHER/secret", token: own)
            #expect(hidden.status == 404 && hidden["Location"] == nil)
        }
    }
}
