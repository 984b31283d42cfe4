import Catalog
import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("A model as a Git repository")
struct GitRepositoryTests {
    private static let folders = [
        ["config.json": "{}", "README.md": "# one\n", "sub/notes.txt": "hello", "sub/deep/er.txt": "", "a.b/x": "1"],
        ["config.json": "{\"a\": 1}", "README.md": "# one\n", "sub/notes.txt": "hello", "sub.txt": "sorts before"],
        ["config.json": "{}", "README.md": "# three\n", "other/notes.txt": "hello", "sub/deep/er.txt": "x"],
    ]

    /// A registry with a model of as many versions as there are folders, all with weights.
    private func filled(_ seed: UInt64) async throws -> TestRegistry {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let base = TestTensor("w", .bfloat16, [60, 60], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        for (number, files) in Self.folders.enumerated() {
            let folder = try test.folder("f\(number)", [base.tuned(using: &random)])
            for (path, text) in files { try test.directory.write("f\(number)/\(path)", text.utf8) }
            let message = number == 1 ? "second\n\nwith a body and \u{e9}" : nil
            _ = try await test.registry.register(
                folder,
                as: Registration(
                    name: model, base: VersionReference("base"), tags: number == 0 ? ["prod", "bad.lock"] : [],
                    message: message))
        }
        return test
    }

    private var model: ModelName { get throws { try ModelName("org/m") } }

    @Test("the references are main, the tags that Git accepts, and every version by its number")
    func references() async throws {
        let test = try await filled(71)
        let references = try test.registry.gitReferences(of: model)
        let commits = try test.registry.log(of: model).map(\.commit)
        #expect(references.head == commits[0] && references.shallow.isEmpty)
        #expect(
            references.all.map(\.name)
                == ["refs/heads/main", "refs/tags/prod", "refs/tags/v1", "refs/tags/v2", "refs/tags/v3"])
        #expect(references.all.map(\.commit) == [commits[0], commits[2], commits[2], commits[1], commits[0]])
        #expect(throws: DeltaicError.self) { try test.registry.gitReferences(of: ModelName("none")) }
    }

    @Test("what Git finds from the references on, file by file, is whole and checks out as what was registered")
    func looseObjects() async throws {
        let test = try await filled(72)
        let git = try GitFolder(test.directory.path("dumb"))
        let references = try test.registry.gitReferences(of: model)
        try await git.write(references, from: test.registry, of: model)
        try git.run("fsck", "--strict", "--full")
        #expect(try git.run("rev-list", "--count", "main") == "3")
        #expect(try git.run("log", "--format=%B", "-1", "v2") == "second\n\nwith a body and \u{e9}")
        for number in 1...3 { try await check("v\(number)", folder: "f\(number - 1)", in: git, test) }
    }

    /// Checks a version out, and compares it with the folder that was registered.
    private func check(_ revision: String, folder: String, in git: GitFolder, _ test: TestRegistry) async throws {
        let output = test.directory.path("out-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        try git.run("--work-tree", output, "checkout", "-q", "-f", revision, "--", ".")
        var expected = try test.contents(of: test.directory.path(folder))
        let files = try test.registry.files(of: VersionReference("\(model)@\(revision)")).files
        for file in files where file.isLFS {
            expected[file.path] = Data(LFSPointer.text(sha256: file.sha256, size: file.size))
        }
        #expect(try test.contents(of: output) == expected, "\(revision)")
    }

    @Test("an id that no version of the model has is nothing, though another model has it")
    func foreignObjects() async throws {
        let test = try await filled(73)
        let other = try ModelName("base")
        let details = try test.registry.describe(VersionReference("base"))
        let ids = [
            details.version.commit, details.tree, try #require(details.files.first { $0.isLFS }).gitBlob,
            GitObjectID(uncheckedBytes: [UInt8](repeating: 7, count: 20)),
        ]
        for (position, id) in ids.enumerated() {
            #expect(try await test.registry.gitObject(id, of: model) == nil)
            #expect((try await test.registry.gitObject(id, of: other) == nil) == (position == 3))
        }
        await #expect(throws: DeltaicError.self) { try await test.registry.gitObject(ids[0], of: ModelName("none")) }
    }

    @Test("trees are kept within a budget, and made again when they are needed")
    func treeCache() throws {
        let cache = GitTreeCache(budget: 1000)
        var built = 0
        func trees(_ number: Int) throws -> [GitObjectID: GitObject] {
            let tree = try GitTree([("\(number)", GitObjectID(uncheckedBytes: [UInt8](repeating: 1, count: 20)))])
            return cache.trees(of: tree.root) {
                built += 1
                return tree.objects
            }
        }
        for number in [1, 1, 2, 3, 1, 4, 5, 1] {
            #expect(try trees(number).count == 1)
            #expect(cache.byteCount <= 1000)
        }
        #expect(built == 5)
        _ = try trees(2)
        #expect(built == 6)
    }

    // MARK: The smart protocol

    @Test("a pack holds all versions, and Git finds it whole")
    func pack() async throws {
        let test = try await filled(74)
        let git = try GitFolder(test.directory.path("smart"))
        let references = try test.registry.gitReferences(of: model)
        try await git.fetch(references.all.map(\.commit), from: test.registry, of: model)
        try git.set(references)
        try git.run("fsck", "--strict", "--full")
        for number in 1...3 { try await check("v\(number)", folder: "f\(number - 1)", in: git, test) }
    }

    @Test("a model of which an older version was removed is whole up to there", arguments: [1, 2])
    func removed(number: Int) async throws {
        let test = try await filled(75)
        let commits = try test.registry.log(of: model).map(\.commit)
        _ = try await test.registry.remove(VersionReference("\(model)@v\(number)"))
        let references = try test.registry.gitReferences(of: model)
        #expect(references.shallow == [commits[number == 1 ? 1 : 0]])
        let git = try GitFolder(test.directory.path("smart"))
        try await git.fetch(references.all.map(\.commit), from: test.registry, of: model)
        try git.set(references)
        try git.run("fsck", "--strict", "--full")
        #expect(try git.run("rev-list", "--count", "main") == (number == 1 ? "2" : "1"))
        #expect(try await test.registry.gitObject(commits[3 - number], of: model) == nil)
        for kept in [1, 2, 3] where kept != number {
            try await check("v\(kept)", folder: "f\(kept - 1)", in: git, test)
        }
    }

    @Test("history is cut to the depth that is asked for", arguments: 1...4)
    func depth(depth: Int) async throws {
        let test = try await filled(76)
        let commits = try test.registry.log(of: model).map(\.commit)
        let history = GitHistory(try test.registry.catalog.history(of: model).versions)
        func selection(_ wants: [GitObjectID], shallow: [GitObjectID] = []) throws -> GitHistory.Selection {
            var text = wants.map { "want \($0)" } + shallow.map { "shallow \($0)" }
            text.append("deepen \(depth)")
            return try history.selection(for: GitUploadRequest(text.flatMap { GitPacketLines.line($0) }))
        }
        let newest = try selection([commits[0]], shallow: [commits[0]])
        #expect(newest.versions.map(\.commit) == Array(commits.prefix(depth)))
        #expect(newest.shallow == (depth < 3 ? [commits[depth - 1]] : []))
        #expect(newest.unshallow == (depth == 1 ? [] : [commits[0]]))
        let all = try selection(commits)
        #expect(all.versions.map(\.commit) == commits)
        #expect(all.shallow == (depth == 1 ? [commits[0], commits[1]] : []))
    }

    @Test("a client that first asks how deep history goes is told that alone, and gets the pack when it is done")
    func depthRequests() async throws {
        let test = try await filled(78)
        let head = try test.registry.gitReferences(of: model).head
        func answer(_ lines: String...) async throws -> [UInt8] {
            let needs = ["want \(head) side-band-64k\n", "deepen 1\n"].flatMap { GitPacketLines.line($0) }
            let rest = lines.flatMap { GitPacketLines.line($0) }
            return try await test.registry.gitAnswer(needs + GitPacketLines.flush + rest, of: model)
        }
        let update = GitPacketLines.line("shallow \(head)") + GitPacketLines.flush
        #expect(try await answer() == update)
        #expect(try await answer("have \(head)\n") == update + GitPacketLines.line("NAK\n"))
        let last = try await answer("done\n")
        let start = update + GitPacketLines.line("NAK\n")
        #expect(Array(last.prefix(start.count)) == start)
        #expect(Array(last[(start.count + 4)...].prefix(5)) == [1] + Array("PACK".utf8))
        #expect(Array(last.suffix(4)) == GitPacketLines.flush)
    }

    @Test("a compressed request is the request, and a damaged or endless one is refused")
    func compressedRequests() async throws {
        let test = try await filled(79)
        let head = try test.registry.gitReferences(of: model).head
        let request = GitPacketLines.line("want \(head)\n") + GitPacketLines.flush + GitPacketLines.line("done\n")
        let packed = gzip(request)
        #expect(
            try await test.registry.gitAnswer(packed, isCompressed: true, of: model)
                == test.registry.gitAnswer(request, of: model))
        var damaged = packed
        damaged[damaged.count / 2] ^= 1
        let endless = gzip([UInt8](repeating: 0x30, count: 5 << 20))
        for bad in [damaged, Array(packed.dropLast()), packed + [0], request, [], endless] {
            let error = #expect(throws: DeltaicError.self) {
                try test.registry.gitFetch(bad, isCompressed: true, of: model)
            }
            #expect(error?.code == .badGitRequest)
        }
    }

    /// A gzip stream of stored blocks (RFC 1951 and 1952).
    private func gzip(_ raw: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        for start in stride(from: 0, to: raw.count, by: 65535) {
            let block = raw[start..<min(raw.count, start + 65535)]
            let count = UInt16(block.count)
            stream.append(start + block.count == raw.count ? 1 : 0)
            for number in [count, ~count] { stream += [UInt8(number & 0xff), UInt8(number >> 8)] }
            stream += block
        }
        var check: UInt32 = .max
        for byte in raw {
            check ^= UInt32(byte)
            for _ in 0..<8 { check = check >> 1 ^ (check & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        for number in [~check, UInt32(raw.count)] {
            stream += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        return stream
    }

    @Test(
        "what is no request of a Git client is refused",
        arguments: [
            "0", "000", "0003", "+00a", "000x", "0010want", "0009want", "0008want", "000bdeepen", "0010deepen 1 2 3\n",
            "000fdeepen -1\n", "0009fetch", "0019command=ls-refs\n0000",
            "0032want 0000000000000000000000000000000000000000\n0000",
            "0031want 000000000000000000000000000000000000000g",
        ])
    func badRequests(text: String) async throws {
        let test = try await filled(77)
        // Before anything is sent.
        let error = #expect(throws: DeltaicError.self) {
            try test.registry.gitFetch(Array(text.utf8), isCompressed: false, of: model)
        }
        #expect(error?.code == .badGitRequest)
    }
}

extension ModelRegistry {
    /// The whole answer to a fetch.
    fileprivate func gitAnswer(
        _ body: [UInt8], isCompressed: Bool = false, of model: ModelName
    ) async throws -> [UInt8] {
        var answer: [UInt8] = []
        try await self.answer(try gitFetch(body, isCompressed: isCompressed, of: model)) { answer += $0 }
        return answer
    }
}

/// A bare Git repository in a folder, that is filled with what a registry gives.
private struct GitFolder {
    let path: String

    init(_ path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try run("init", "-q", "--bare", "-b", "main")
    }

    @discardableResult
    func run(_ arguments: String..., input: [UInt8] = []) throws -> String {
        let outcome = try ChildProcess.run(
            "git", ["-c", "core.autocrlf=false", "--git-dir", path] + arguments, input: input)
        #expect(outcome.status == 0, "git \(arguments): \(outcome.errors)")
        return outcome.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func write(_ file: String, _ bytes: some Sequence<UInt8>) throws {
        let url = URL(filePath: path + "/" + file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// Lets the references name their commits, and says where history ends.
    func set(_ references: GitReferences) throws {
        try write("HEAD", references.headText.utf8)
        try write("packed-refs", references.all.map { "\($0.commit) \($0.name)\n" }.joined().utf8)
        if !references.shallow.isEmpty {
            try write("shallow", references.shallow.map { "\($0)\n" }.joined().utf8)
        }
    }

    /// Writes every object that can be reached, as a client of a dumb server fetches them: one by one, each by its id.
    func write(_ references: GitReferences, from registry: ModelRegistry, of model: ModelName) async throws {
        var wanted = references.all.map(\.commit)
        var known: Set<GitObjectID> = []
        while let id = wanted.popLast() {
            guard known.insert(id).inserted else { continue }
            let object = try #require(try await registry.gitObject(id, of: model)?.object, "\(id)")
            #expect(object.id == id)
            try write("objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))", try object.deflated())
            switch object.kind {
            case .blob: break
            case .commit:
                for line in String(decoding: object.body, as: UTF8.self).split(separator: "\n") {
                    let words = line.split(separator: " ")
                    guard words.count == 2, ["tree", "parent"].contains(words[0]) else { break }
                    wanted.append(try #require(GitObjectID(hex: words[1])))
                }
            case .tree:
                var rest = object.body[...]
                while let end = rest.firstIndex(of: 0) {
                    let after = rest[(end + 1)...]
                    wanted.append(try #require(GitObjectID(bytes: after.prefix(20))))
                    rest = after.dropFirst(20)
                }
            }
        }
        try set(references)
    }

    /// Asks for commits as a client of a smart server does, and keeps the pack.
    func fetch(_ wants: [GitObjectID], from registry: ModelRegistry, of model: ModelName) async throws {
        let request = wants.flatMap { GitPacketLines.line("want \($0)\n") } + GitPacketLines.flush
        let answer = try await registry.gitAnswer(request + GitPacketLines.line("done\n"), of: model)
        let nak = GitPacketLines.line("NAK\n")
        #expect(Array(answer.prefix(nak.count)) == nak)
        try run("index-pack", "--stdin", input: Array(answer.dropFirst(nak.count)))
    }
}
