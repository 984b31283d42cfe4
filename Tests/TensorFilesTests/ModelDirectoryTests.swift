internal import DeltaicCore
internal import Foundation
internal import TensorFiles
internal import TestSupport
internal import Testing

@Suite("Model folders")
struct ModelDirectoryTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("m/model.safetensors", smallModel())
    }

    private var folder: String { directory.path("m") }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder + "/" + name, withDestinationPath: target)
    }

    @Test("files are found at any depth and sorted by the bytes of their paths")
    func sorted() throws {
        for name in ["b/c/x.json", "b.txt", "a", "C", "\u{e9}", "sub/UPPER.SAFETENSORS"] {
            try directory.write("m/" + name, name.contains("SAFE") ? smallModel() : [1])
        }
        let model = try ModelDirectory.open(folder)
        #expect(
            model.files.map(\.path) == [
                "C", "a", "b.txt", "b/c/x.json", "model.safetensors", "sub/UPPER.SAFETENSORS", "\u{e9}",
            ])
        #expect(model.skipped.isEmpty)
        for file in model.files {
            let isTensors: Bool = if case .safetensors = file.content { true } else { false }
            #expect(isTensors == file.path.lowercased().hasSuffix(".safetensors"))
            #expect(file.size == (isTensors ? smallModel().count : 1))
        }
    }

    @Test("Git's folder and the download cache are left out, and named")
    func skipped() throws {
        for name in [".git/config", "sub/.git", ".cache/huggingface/x.lock", ".cache/other", "x/.cache/huggingface/y"] {
            try directory.write("m/" + name, [1])
        }
        let model = try ModelDirectory.open(folder)
        #expect(model.skipped == [".cache/huggingface/", ".git/", "sub/.git"])
        #expect(model.files.map(\.path) == [".cache/other", "model.safetensors", "x/.cache/huggingface/y"])
    }

    @Test("a single safetensors file is a model of one file")
    func singleFile() throws {
        try directory.write("m/other.json", [1])
        let model = try ModelDirectory.open(folder + "/model.safetensors")
        #expect(model.files.map(\.path) == ["model.safetensors"])
        #expect(model.root == (try ModelDirectory.open(folder)).root)
    }

    @Test("a link given as the path itself is followed, under the name that was given")
    func linkedRoot() throws {
        try FileManager.default.createSymbolicLink(atPath: directory.path("n"), withDestinationPath: "m")
        #expect(try ModelDirectory.open(directory.path("n")).files.map(\.path) == ["model.safetensors"])
        try directory.write("blobs/0123", smallModel())
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("x.safetensors"), withDestinationPath: "blobs/0123")
        let file = try #require(try ModelDirectory.open(directory.path("x.safetensors")).files.first)
        #expect(file.path == "x.safetensors")
        #expect(file.absolutePath.hasSuffix("/blobs/0123"))
    }

    @Test("a path with nothing behind it is not found")
    func missing() {
        let error = refusal { _ = try ModelDirectory.open(directory.path("nothing")) }
        #expect(error?.code == .modelPathNotFound)
    }

    @Test("folders and files without safetensors are refused", arguments: ["empty", "text", "text/a.txt", "only/.git"])
    func noTensors(path: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory.path("empty/inner"), withIntermediateDirectories: true)
        try directory.write("text/a.txt", [1])
        try directory.write("only/.git/x", [1])
        #expect(refusal { _ = try ModelDirectory.open(directory.path(path)) }?.code == .noSafetensors)
    }

    @Test("a malformed safetensors file is refused, naming it")
    func malformed() throws {
        try directory.write("m/z.safetensors", smallModel().dropLast())
        let error = refusal { _ = try ModelDirectory.open(folder) }
        #expect(error?.code == .malformedSafetensors)
        #expect(error?.places.first?.hasSuffix("m/z.safetensors") == true)
    }

    @Test("a Git LFS pointer in place of the tensors is refused with the advice to fetch them")
    func pointer() throws {
        let text = LFSPointer.text(sha256: try .sha256([1]), size: 1)
        try directory.write("m/z.safetensors", text)
        #expect(refusal { _ = try ModelDirectory.open(folder) }?.advice?.contains("git lfs pull") == true)
    }

    @Test("a link to a file of the folder counts as that file")
    func linkInside() throws {
        try directory.write("m/sub/real.txt", [1, 2, 3])
        try link("alias.txt", to: "sub/real.txt")
        try link("again.txt", to: folder + "/alias.txt")
        let model = try ModelDirectory.open(folder)
        for name in ["alias.txt", "again.txt"] {
            let file = try #require(model.files.first { $0.path == name })
            #expect(file.size == 3)
            #expect(file.absolutePath == model.root + "/sub/real.txt")
        }
    }

    @Test(
        "links that leave the folder, lead to a folder or lead nowhere are refused",
        arguments: ["../outside", "/etc/passwd", "sub", ".", "..", "nowhere", "link", "../m2/x"])
    func linkRefused(target: String) throws {
        try directory.write("outside", [1])
        try directory.write("m2/x", [1])
        try directory.write("m/sub/x", [1])
        try link("link", to: target)
        let error = refusal { _ = try ModelDirectory.open(folder) }
        #expect(error?.code == .unsupportedFileKind)
        #expect(error?.places == ["\"link\""])
        try Evidence.record(
            family: 12, "symbolic links in a folder that is registered", tried: 1,
            outcomes: [error == nil ? "lost" : "refused": 1])
    }

    @Test("a snapshot of the Hub's cache is refused with the advice to copy it")
    func snapshot() throws {
        try directory.write("cache/blobs/0123", smallModel())
        try FileManager.default.createDirectory(
            atPath: directory.path("cache/snapshots/main"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("cache/snapshots/main/model.safetensors"), withDestinationPath: "../../blobs/0123")
        let error = refusal { _ = try ModelDirectory.open(directory.path("cache/snapshots/main")) }
        #expect(error?.advice?.contains("cp -rL") == true)
        #expect(error?.advice?.contains("--local-dir") == true)
    }

    @Test("a fifo is refused without opening it")
    func fifo() throws {
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        let error = refusal { _ = try ModelDirectory.open(folder) }
        #expect(error?.code == .unsupportedFileKind)
        #expect(error?.message.contains("fifo") == true)
    }

    @Test("file names that cannot be kept are refused", arguments: ["a\\b", "a\nb", "a\u{7f}", ".GIT"])
    func names(name: String) throws {
        try directory.write("m/" + name, [1])
        #expect(refusal { _ = try ModelDirectory.open(folder) }?.code == .unsafePath)
    }

    @Test("a file name that is not valid UTF-8 is refused")
    func invalidUTF8() throws {
        let path = Array(folder.utf8) + [0x2f, 0xff, 0x61, 0]
        let descriptor = path.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { name in
                name.baseAddress.map { creat($0, 0o600) } ?? -1
            }
        }
        #expect(descriptor >= 0)
        close(descriptor)
        #expect(refusal { _ = try ModelDirectory.open(folder) }?.code == .unsafePath)
    }

    @Test(
        "names that are one on some systems are refused",
        arguments: [("README.md", "readme.md"), ("\u{e9}", "e\u{301}"), ("Sub/a", "sub/b")])
    func collisions(first: String, second: String) throws {
        try directory.write("m/" + first, [1])
        try directory.write("m/" + second, [1])
        let code = refusal { _ = try ModelDirectory.open(folder) }?.code
        #expect(code == .collidingPaths)
        try Evidence.record(
            family: 12, "names that are one on some systems", tried: 1,
            outcomes: [code == .collidingPaths ? "refused" : "lost": 1])
    }

    @Test("a hard link is a file like any other")
    func hardLink() throws {
        try FileManager.default.linkItem(
            atPath: folder + "/model.safetensors", toPath: folder + "/copy.safetensors")
        #expect(try ModelDirectory.open(folder).files.count == 2)
    }
}
