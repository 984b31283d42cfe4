internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Pack directory")
struct PackDirectoryTests {
    private func publish(_ manifest: String, in packs: PackDirectory) throws -> Digest {
        let writer = try packs.newPack()
        try writer.write(manifest: Array(manifest.utf8))
        return try packs.publish(writer)
    }

    @Test("a pack lies under the first two digits of its id")
    func naming() throws {
        let directory = try TemporaryDirectory()
        let packs = PackDirectory(path: directory.path)
        let id = try publish("{}", in: packs)
        #expect(packs.path(of: id) == directory.path("\(id.hex.prefix(2))/\(id.hex).pack"))
        #expect(try packs.open(id).id == id)
        #expect(packs.contents().packs.keys.sorted() == [id])
        #expect(packs.contents().others.isEmpty)
    }

    @Test("the same pack published twice is one file")
    func twice() throws {
        let directory = try TemporaryDirectory()
        let packs = PackDirectory(path: directory.path)
        #expect(try publish("{}", in: packs) == publish("{}", in: packs))
        #expect(packs.contents().packs.count == 1)
    }

    @Test("a missing pack is refused as missing")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let error = try #require(throws: DeltaicError.self) {
            try PackDirectory(path: directory.path).open(try Digest.sha256([1]))
        }
        #expect(error.code == .missingPack)
    }

    @Test("a pack under another pack's name is refused")
    func wrongName() throws {
        let directory = try TemporaryDirectory()
        let packs = PackDirectory(path: directory.path)
        let first = try publish("{}", in: packs)
        let second = try publish("[]", in: packs)
        try FileManager.default.removeItem(atPath: packs.path(of: second))
        try FileManager.default.copyItem(atPath: packs.path(of: first), toPath: packs.path(of: second))
        #expect(throws: DeltaicError.self) { try packs.open(second) }
        #expect(try packs.open(first).id == first)
    }

    @Test("deleting removes the pack, and deleting again is no error")
    func delete() throws {
        let directory = try TemporaryDirectory()
        let packs = PackDirectory(path: directory.path)
        let id = try publish("{}", in: packs)
        try packs.delete(id)
        try packs.delete(id)
        #expect(packs.contents().packs.isEmpty)
    }

    @Test("what is no pack, or lies in another place, is listed apart")
    func others() throws {
        let directory = try TemporaryDirectory()
        let packs = PackDirectory(path: directory.path)
        let id = try publish("{}", in: packs)
        let names = ["new.1-2.part", "zz/\(id.hex).pack", "\(id.hex).pack", "\(id.hex.prefix(2))/\(id.hex)"]
        for name in names { try directory.write(name, [1]) }
        #expect(packs.contents().others == names.sorted())
        #expect(packs.contents().packs.keys.sorted() == [id])
    }
}
