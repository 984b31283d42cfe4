import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Folders as the Hub lists them")
struct HubTreeTests {
    /// The entries that real `git` has for a version's files: `mode type oid path` by path.
    private static func gitEntries(_ files: [VersionFile], recursive: Bool) throws -> [String: String] {
        let directory = try TemporaryDirectory()
        func git(_ arguments: [String], input: String = "") throws -> String {
            let outcome = try ChildProcess.run(
                "git", ["-c", "core.quotePath=false"] + arguments, input: Array(input.utf8), in: directory.path)
            try #require(outcome.status == 0, "git \(arguments): \(outcome.errors)")
            return outcome.text
        }
        _ = try git(["init", "-q"])
        let index = files.map { "100644 \($0.gitBlob.hex)\t\($0.path)\n" }.joined()
        _ = try git(["update-index", "--index-info"], input: index)
        let tree = try git(["write-tree", "--missing-ok"]).trimmingCharacters(in: .newlines)
        let lines = try git(["ls-tree"] + (recursive ? ["-r", "-t"] : []) + [tree]).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let parts = line.split(separator: "\t")
                return (String(parts[1]), parts[0].split(separator: " ").dropFirst().joined(separator: " "))
            })
    }

    private static func text(_ entry: HubTree.Entry) -> String {
        (entry.type == "directory" ? "tree " : "blob ") + entry.oid
    }

    @Test("folders have the ids that git gives them, however deep, and files those of their blobs or pointers")
    func ids() async throws {
        let directory = try TemporaryDirectory()
        try ModelRegistry.create(at: directory.path("registry"))
        let registry = try ModelRegistry(path: directory.path("registry"))
        try SyntheticModel(seed: 5).write("m", in: directory)
        // Git sorts folders as if their names ended in a slash.
        for path in [
            "a.json", "a/b.json", "a-b/c.txt", "a0/x", "a/b/c/d/e.txt", "b/é.txt", "z/x.bin", "README.md", "empty",
        ] {
            try directory.write("m/" + path, path == "empty" ? Array("".utf8) : Array(path.utf8))
        }
        _ = try await registry.addBase(directory.path("m"), as: Registration(name: ModelName("m")))
        let (version, files) = try registry.files(of: VersionReference("m"))
        let tree = HubTree(version: version, files: files, isExpanded: true)

        for isRecursive in [false, true] {
            let entries = try #require(try tree.entries(in: "", isRecursive: isRecursive))
            let found = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, Self.text($0)) })
            #expect(try found == Self.gitEntries(files, recursive: isRecursive))
            #expect(entries.map(\.path) == entries.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            #expect(entries.allSatisfy { $0.lastCommit?.id == version.commit.hex })
        }
        let all = try #require(try tree.entries(in: "", isRecursive: true))
        for entry in all {
            let alone = try #require(try tree.entry(at: entry.path))
            #expect(Self.text(alone) == Self.text(entry) && alone.size == entry.size)
        }
        let inner = try #require(try tree.entries(in: "a/b", isRecursive: true))
        #expect(inner.map(\.path) == ["a/b/c", "a/b/c/d", "a/b/c/d/e.txt"])
        #expect(try tree.entries(in: "a", isRecursive: false)?.map(\.path) == ["a/b", "a/b.json"])
        for path in ["none", "a.json", "a/", "a/b/c/d/e.txt", "A"] {
            #expect(try tree.entries(in: path, isRecursive: false) == nil, "\(path)")
        }
        #expect(try tree.entry(at: "") == nil && tree.entry(at: "a/no") == nil)
    }

    @Test("a large file has its digest and its pointer's size and id, a small one has none")
    func largeFiles() async throws {
        let models = try await ServedModels()
        let (version, files) = try models.registry.files(of: VersionReference("Acme/tuned"))
        let tree = HubTree(version: version, files: files, isExpanded: false)
        let large = try #require(try tree.entry(at: "model.safetensors"))
        let digest = try Digest.sha256(models.file)
        let pointer = LFSPointer.text(sha256: digest, size: models.file.count)
        #expect(large.size == models.file.count && large.lfs?.size == models.file.count && large.lfs?.oid == digest.hex)
        #expect(large.lfs?.pointerSize == pointer.count && large.lastCommit == nil)
        #expect(large.oid == (try GitObject(.blob, body: pointer)).id.hex)
        let small = try #require(try tree.entry(at: "sub.json"))
        #expect(small.lfs == nil && small.size == 2)
        #expect(small.oid == (try GitObject(.blob, body: Array("{}".utf8))).id.hex)
    }

    @Test("Git LFS is told where objects are, and which there are not")
    func lfs() async throws {
        let models = try await ServedModels()
        let digest = try Digest.sha256(models.file).hex
        let none = String(repeating: "ab", count: 32)
        try await RunningServer.run(models.registry) { server in
            func batch(_ body: String) async throws -> RawConnection.Answer {
                try await server.ask("POST", "/Acme/tuned.git/info/lfs/objects/batch", token: models.reader, body: body)
            }
            let size = models.file.count
            let answer = try await batch(
                """
                {"operation": "download", "transfers": ["basic"], "objects": [{"oid": "\(digest)", "size": \(size)},
                {"oid": "\(none)", "size": 1}, {"oid": "\(digest)", "size": 1}, {"oid": "x", "size": -1}]}
                """)
            #expect(answer.status == 200 && answer["Content-Type"] == "application/vnd.git-lfs+json")
            let objects = try answer.json()["objects"].array
            #expect(objects.map { $0["error"]["code"].integer } == [nil, 404, 404, 404])
            let action = objects[0]["actions"]["download"]
            let href = try #require(action["href"].string)
            #expect(href.hasPrefix("http://test/Acme/tuned/resolve/"))
            #expect(action["header"]["Authorization"].string == "Bearer \(models.reader)")
            let file = try await server.ask("GET", String(href.dropFirst("http://test".count)), token: models.reader)
            #expect(file.body == models.file)
            for (body, status) in [
                ("", 422), ("[]", 422), (#"{"operation": "upload", "objects": []}"#, 403),
                (#"{"operation": "download", "objects": [], "hash_algo": "sha512"}"#, 409),
                (#"{"operation": "download", "objects": []}"#, 200), (#"{"operation": "x", "objects": []}"#, 422),
            ] {
                #expect(try await batch(body).status == status, "\(body)")
            }
        }
    }
}
