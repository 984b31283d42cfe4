internal import DeltaicCore
internal import Foundation
internal import TestSupport
internal import Testing

@Suite("Durable files")
struct DurableFileTests {
    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    private func content(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    @Test("a file appears under its name only when it is published")
    func publish() throws {
        let directory = try TemporaryDirectory()
        let file = try DurableFile(path: directory.path("a"))
        try file.write([1, 2])
        try file.write([])
        try file.write([3])
        #expect(file.byteCount == 3)
        #expect(try file.read(1..<3) == [2, 3])
        #expect(!FileManager.default.fileExists(atPath: directory.path("a")))
        try file.publish()
        #expect(try names(directory) == ["a"])
        #expect(try content(directory.path("a")) == [1, 2, 3])
    }

    @Test("a name may be as long as the file system allows")
    func longName() throws {
        let directory = try TemporaryDirectory()
        let name = String(repeating: "n", count: 255)
        try DurableFile(path: directory.path(name)).publish()
        #expect(try names(directory) == [name])
    }

    @Test("a file that is dropped leaves nothing")
    func dropped() throws {
        let directory = try TemporaryDirectory()
        try DurableFile(path: directory.path("a")).write([1])
        #expect(try names(directory) == [])
    }

    @Test("publishing replaces a file of the name, and dropping leaves it as it was")
    func replaces() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a", [9, 9, 9, 9])
        try DurableFile(path: directory.path("a")).write([1])
        #expect(try content(directory.path("a")) == [9, 9, 9, 9])
        let file = try DurableFile(path: directory.path("a"))
        try file.write([1])
        try file.publish()
        #expect(try content(directory.path("a")) == [1])
        #expect(try names(directory) == ["a"])
    }

    @Test("a file may be published under another name in the folder")
    func otherName() throws {
        let directory = try TemporaryDirectory()
        try DurableFile(path: directory.path("new")).publish(as: "b")
        #expect(try names(directory) == ["b"])
    }

    @Test("two writers of one name do not meet")
    func twoWriters() throws {
        let directory = try TemporaryDirectory()
        let first = try DurableFile(path: directory.path("a"))
        let second = try DurableFile(path: directory.path("a"))
        try first.write([1])
        try second.write([2, 2])
        try second.publish()
        try first.publish()
        #expect(try content(directory.path("a")) == [1])
        #expect(try names(directory) == ["a"])
    }

    @Test("a missing folder is refused")
    func missingFolder() throws {
        let directory = try TemporaryDirectory()
        let error = try #require(throws: DeltaicError.self) { try DurableFile(path: directory.path("none/a")) }
        #expect(error.code == .ioFailure && "\(error)".contains("none/a"))
        #expect(throws: DeltaicError.self) { try DurableFile.syncFolder(directory.path("none")) }
    }

    @Test("a file that cannot take its name fails and leaves nothing")
    func nameTaken() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a/b", [1])
        #expect(throws: DeltaicError.self) {
            let file = try DurableFile(path: directory.path("a"))
            try file.publish()
        }
        #expect(try names(directory) == ["a"])
    }

    @Test("reading past what was written is refused")
    func readPastEnd() throws {
        let directory = try TemporaryDirectory()
        let file = try DurableFile(path: directory.path("a"))
        try file.write([1, 2])
        let error = try #require(throws: DeltaicError.self) { try file.read(1..<3) }
        #expect(error.code == .truncated)
    }
}

@Suite("Read-only files")
struct ReadOnlyFileTests {
    @Test("any range of a file can be read, and none past its end")
    func ranges() throws {
        let directory = try TemporaryDirectory()
        let file = try ReadOnlyFile(path: try directory.write("a", [1, 2, 3, 4]))
        #expect(file.size == 4)
        #expect(try file.read(0..<4) == [1, 2, 3, 4])
        #expect(try file.read(2..<3) == [3])
        #expect(try file.read(4..<4) == [])
        #expect(throws: DeltaicError.self) { try file.read(3..<5) }
        #expect(throws: DeltaicError.self) { try file.read(-1..<2) }
    }

    @Test("folders, links and missing files are refused")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let target = try directory.write("a", [1])
        try FileManager.default.createSymbolicLink(atPath: directory.path("link"), withDestinationPath: target)
        for path in [directory.path, directory.path("link"), directory.path("none")] {
            #expect(throws: DeltaicError.self, "\(path)") { try ReadOnlyFile(path: path) }
        }
    }

    @Test("a file that became shorter is refused as cut off")
    func shrunk() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a", [1, 2, 3, 4])
        let file = try ReadOnlyFile(path: path)
        try directory.write("a", [1])
        let error = try #require(throws: DeltaicError.self) { try file.read(0..<4) }
        #expect(error.code == .truncated)
    }
}
