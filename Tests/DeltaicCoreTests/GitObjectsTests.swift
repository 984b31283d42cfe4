internal import DeltaicCore
internal import Foundation
internal import TestSupport
internal import Testing

/// A scratch repository for the real `git`, apart from the configuration of the machine.
private struct Repository {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try git("init", "-q")
    }

    @discardableResult
    func git(_ arguments: String...) throws -> [UInt8] {
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": directory.path,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ann Author", "GIT_AUTHOR_EMAIL": "ann@example.com",
            "GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_NAME": "Ann Author",
            "GIT_COMMITTER_EMAIL": "ann@example.com", "GIT_COMMITTER_DATE": "1700000000 +0000",
        ]
        let outcome = try ChildProcess.run("git", arguments, environment: environment, in: directory.path)
        try #require(outcome.status == 0, "git \(arguments): \(outcome.errors)")
        return outcome.output
    }

    func id(_ arguments: [UInt8]) throws -> GitObjectID {
        try #require(GitObjectID(hex: String(decoding: arguments, as: UTF8.self).prefix(40)))
    }
}

@Suite("Git objects")
struct GitObjectsTests {
    @Test("the id of a blob is that of git hash-object, however the content is cut", arguments: [0, 1, 9, 5000])
    func blob(size: Int) throws {
        var generator = SeededGenerator(seed: UInt64(size))
        let content = generator.bytes(size)
        let repository = try Repository()
        try repository.directory.write("x", content)
        var hasher = try GitBlobHasher(size: size)
        for start in stride(from: 0, to: size, by: 700) {
            hasher.update(Array(content[start..<min(start + 700, size)]))
        }
        let id = try hasher.finish()
        #expect(id == (try repository.id(try repository.git("hash-object", "x"))))
        #expect(id == (try GitObject(.blob, body: content)).id)
    }

    @Test("a blob that is longer or shorter than announced has no id", arguments: [2, 4])
    func wrongSize(size: Int) throws {
        #expect(throws: DeltaicError.self) {
            var hasher = try GitBlobHasher(size: size)
            hasher.update([1, 2, 3])
            _ = try hasher.finish()
        }
    }

    @Test("an LFS pointer has the text that git-lfs writes")
    func pointer() throws {
        let digest = try Digest.sha256(Array("hello\n".utf8))
        let expected = """
            version https://git-lfs.github.com/spec/v1
            oid sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
            size 6

            """
        #expect(LFSPointer.text(sha256: digest, size: 6) == Array(expected.utf8))
        let blob = try GitObject(.blob, body: Array(expected.utf8))
        #expect(try LFSPointer.blobID(sha256: digest, size: 6) == blob.id)
    }

    @Test(
        "trees are those of git write-tree, object by object",
        arguments: [
            ["x"], ["a.txt", "a/b", "a-b", "a0", "a/b.c", "A"], ["a/b/c/d", "a/b-c", "a/b/c.d", "e/b/c/d"],
            ["é/ü", "e", "Z/z", "z", ".gitattributes", "1_Pooling/config.json"], ["x/same", "y/same"],
        ])
    func trees(paths: [String]) throws {
        let repository = try Repository()
        var files: [(path: String, blob: GitObjectID)] = []
        for path in paths {
            let content = Array((path.split(separator: "/").last ?? "").utf8)
            try repository.directory.write(path, content)
            files.append((path, try GitObject(.blob, body: content).id))
        }
        try repository.git("add", "-A")
        let root = try repository.id(try repository.git("write-tree"))
        let tree = try GitTree(files.shuffled())
        #expect(tree.root == root)
        #expect(tree.objects.last?.id == root)
        #expect(Set(tree.objects.map(\.id)).count == tree.objects.count)
        for object in tree.objects {
            #expect(try repository.git("cat-file", "tree", object.id.hex) == object.body)
        }
        let listing = String(decoding: try repository.git("ls-tree", "-r", "-d", root.hex), as: UTF8.self)
        let inner = Set(listing.split(separator: "\n").compactMap { $0.split(whereSeparator: \.isWhitespace)[2] })
        #expect(inner == Set(tree.objects.dropLast().map { $0.id.hex[...] }))
    }

    @Test("no file gives the empty tree")
    func emptyTree() throws {
        #expect(try GitTree([]).root.hex == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    }

    @Test(
        "paths that Git cannot hold are refused",
        arguments: [
            ["/a"], ["a//b"], ["a/"], [""], ["."], ["a/../b"], [".git/x"], ["a/.Git"], ["a\0"], ["a", "a"],
            ["a", "a/b"],
            ["a/b", "a/b/c"], [String(repeating: "a/", count: 300) + "a"],
        ])
    func refusedTrees(paths: [String]) throws {
        let blob = try GitObject(.blob, body: []).id
        #expect(throws: DeltaicError.self) { try GitTree(paths.map { ($0, blob) }) }
    }

    @Test(
        "commits are those of git commit-tree, with none, one or two parents",
        arguments: [0, 1, 2], ["v1", "ends in a newline\n", "two\n\nparts é"])
    func commits(parentCount: Int, message: String) throws {
        let repository = try Repository()
        let tree = try repository.id(try repository.git("write-tree"))
        let author = GitCommit.Author(name: "Ann Author", email: "ann@example.com")
        var parents: [GitObjectID] = []
        for number in 0..<parentCount {
            parents.append(try repository.id(try repository.git("commit-tree", tree.hex, "-m", "parent \(number)")))
        }
        let commit = try GitCommit.object(
            tree: tree, parents: parents, author: author, timestamp: 1_700_000_000, message: message)
        let arguments = parents.map(\.hex)
        let text: [UInt8]
        switch parentCount {
        case 0: text = try repository.git("commit-tree", tree.hex, "-m", message)
        case 1: text = try repository.git("commit-tree", tree.hex, "-p", arguments[0], "-m", message)
        default:
            text = try repository.git("commit-tree", tree.hex, "-p", arguments[0], "-p", arguments[1], "-m", message)
        }
        #expect(commit.id == (try repository.id(text)))
        #expect(try repository.git("cat-file", "commit", commit.id.hex) == commit.body)
    }

    @Test("authors that Git would rewrite are refused", arguments: ["a<b", "a>b", "a\nb", "a\0", " a", "a "])
    func refusedAuthors(name: String) throws {
        let tree = try GitTree([]).root
        #expect(throws: DeltaicError.self) {
            try GitCommit.bytes(
                tree: tree, parents: [], author: .init(name: name, email: "e"), timestamp: 0, message: "m")
        }
    }
}

@Suite("Which files are large")
struct LFSRuleTests {
    @Test(
        "files that the Hub keeps as LFS are large",
        arguments: [
            "model.safetensors", "a/b.bin", "x.bin.1", "x.gguf", "x.onnx", "x.pt", "x.h5", "x.msgpack", "x.npz",
            "x.model",
            "saved_model/variables/x", "a.tar.gz", "events.out.tfevents.1", "x.parquet", ".bin",
        ])
    func large(path: String) {
        #expect(LFSRule.isLarge(path: path, size: 1))
    }

    @Test(
        "other files are not",
        arguments: ["README.md", "config.json", "vocab.txt", "bin", "x.bin/y.txt", "X.BIN", "a/saved_model/x"])
    func small(path: String) {
        #expect(!LFSRule.isLarge(path: path, size: 10 << 20))
    }

    @Test("any file over 10 MiB is large, and no empty file is")
    func size() {
        #expect(LFSRule.isLarge(path: "vocab.txt", size: 10 << 20 + 1))
        #expect(!LFSRule.isLarge(path: "model.safetensors", size: 0))
    }
}
