import Catalog
import DeltaicCore
import Foundation
import PackFormat
import TestSupport
import Testing

@testable import Registry

@Suite("Damaged packs are made whole from any other copy, and nothing readable is given up")
struct RepairTests {
    private struct Fixture {
        let test: TestRegistry
        let folders: [String: String]
        /// The pack of the fine-tune.
        let pack: String
        /// Another registry with the same versions.
        let backup: String

        func readable() async throws -> Set<String> {
            let registry = try test.reopened()
            var readable: Set<String> = []
            for version in try registry.catalog.allVersions() {
                let output = test.directory.path("try-\(UUID().uuidString)")
                let pulled = try? await registry.pull(VersionReference(version.reference), to: output)
                if pulled != nil, try test.contents(of: output) == test.contents(of: folders["\(version.model)"] ?? "")
                {
                    readable.insert(version.reference)
                }
                try? FileManager.default.removeItem(atPath: output)
            }
            return readable
        }
    }

    private func fixture(seed: UInt64) async throws -> Fixture {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let base = [
            TestTensor("a", .bfloat16, [40, 40], using: &random), TestTensor("b", .bfloat16, [8, 40], using: &random),
        ]
        let folders = [
            "base": try test.folder("base", base),
            "tune": try test.folder("tune", base.map { $0.tuned(using: &random) }, config: "t"),
        ]
        try await test.addBase(try #require(folders["base"]))
        try await test.register(try #require(folders["tune"]), "tune")
        let id = try #require(
            try test.registry.catalog.pack(of: test.registry.catalog.version(VersionReference("tune")).id))
        let backup = test.directory.path("backup")
        try FileManager.default.copyItem(atPath: test.registry.path, toPath: backup)
        return Fixture(test: test, folders: folders, pack: PackPlace.path(test.registry.path, id.id), backup: backup)
    }

    private func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
        // Another file under the name, as a restored backup would be: the old one may be open.
        try FileManager.default.removeItem(atPath: path)
        try Data(bytes).write(to: URL(filePath: path))
    }

    @Test("a pack without its header, its index or its trailer is made again byte for byte from its own records")
    func ownRecords() async throws {
        let fixture = try await fixture(seed: 821)
        let whole = try FolderContents.bytes(of: fixture.pack)
        let reader = try PackReader(path: fixture.pack)
        let places = [0, 9, 30, whole.count - 1, whole.count - 60, whole.count - reader.indexBytes + 3]
        for place in places {
            var damaged = whole
            damaged[place] ^= 0x10
            try write(damaged, to: fixture.pack)
            let report = try await fixture.test.reopened().repair()
            #expect(report.isWhole && report.packs.count == 1, "byte \(place)")
            #expect(report.packs.first?.replacement == report.packs.first?.id, "byte \(place)")
            #expect(try FolderContents.bytes(of: fixture.pack) == whole, "byte \(place)")
        }
        try write(whole.prefix(whole.count - reader.indexBytes), to: fixture.pack)
        #expect(try await fixture.test.reopened().repair().isWhole)
        #expect(try FolderContents.bytes(of: fixture.pack) == whole)
    }

    @Test(
        "a damaged, cut or missing pack comes back from another registry or from the original files",
        arguments: ["flip", "cut", "missing", "empty", "swapped"], [true, false])
    func fromElsewhere(kind: String, fromRegistry: Bool) async throws {
        let fixture = try await fixture(seed: 822)
        let whole = try FolderContents.bytes(of: fixture.pack)
        switch kind {
        case "flip":
            var damaged = whole
            damaged[whole.count / 3] ^= 1
            try write(damaged, to: fixture.pack)
        case "cut": try write(whole.prefix(whole.count / 2), to: fixture.pack)
        case "missing": try FileManager.default.removeItem(atPath: fixture.pack)
        case "empty": try write([], to: fixture.pack)
        default:
            let other = try #require(try fixture.test.packs().keys.first { $0 != fixture.pack })
            try write(try FolderContents.bytes(of: other), to: fixture.pack)
        }
        #expect(try await fixture.readable() == ["base@v1"])
        let source = fromRegistry ? fixture.backup : try #require(fixture.folders["tune"])
        let forecast = try await fixture.test.reopened().repair(from: [source], isDryRun: true)
        #expect(forecast.isWhole && forecast.packs.count == 1)
        #expect(try await fixture.readable() == ["base@v1"])
        let report = try await fixture.test.reopened().repair(from: [source])
        #expect(report.isWhole && report.packs.count == 1)
        #expect(try await fixture.readable() == ["base@v1", "tune@v1"])
        #expect(try await fixture.test.reopened().check(isQuick: false).problems == [])
        if fromRegistry { #expect(try FolderContents.bytes(of: fixture.pack) == whole) }
        let again = try await fixture.test.reopened().repair()
        #expect(again.packs.isEmpty && again.isWhole)
        // What was written can be the base of a catalog that is made anew.
        let copy = fixture.test.directory.path("rebuilt")
        try FileManager.default.copyItem(atPath: fixture.test.registry.path, toPath: copy)
        #expect(try await ModelRegistry.rebuild(path: copy).versions == 2)
        #expect(try await ModelRegistry(path: copy).check(isQuick: false).problems == [])
        try Evidence.record(family: 6, "damaged packs repaired from another copy", tried: 1, outcomes: ["new state": 1])
    }

    @Test("without another copy the versions that are lost are named, the others stay readable, and the pack is kept")
    func lost() async throws {
        let fixture = try await fixture(seed: 823)
        let base = try #require(try fixture.test.packs().keys.first { $0 != fixture.pack })
        let whole = try FolderContents.bytes(of: base)
        var damaged = whole
        damaged[whole.count / 4] ^= 1
        try write(damaged, to: base)
        let before = try await fixture.readable()
        let report = try await fixture.test.reopened().repair()
        #expect(!report.isWhole)
        #expect(report.unreadable == ["base@v1", "tune@v1"])
        #expect(try await fixture.readable() == before)
        #expect(try FolderContents.bytes(of: base) == damaged)
        // The copy turns up later.
        #expect(try await fixture.test.reopened().repair(from: [fixture.backup]).isWhole)
        #expect(try await fixture.readable() == ["base@v1", "tune@v1"])
        try Evidence.record(family: 6, "bases damaged without another copy", tried: 1, outcomes: ["found": 1])
    }

    @Test("one object at a time: the check finds every change, and repair never makes a readable version unreadable")
    func everyObject() async throws {
        let fixture = try await fixture(seed: 824)
        var tried = 0
        for path in try fixture.test.packs().keys.sorted() {
            let whole = try FolderContents.bytes(of: path)
            for object in try PackReader(path: path).objects {
                for chunk in object.chunks {
                    var damaged = whole
                    damaged[chunk.offset + chunk.headerLength + chunk.payloadLength / 2] ^= 0x40
                    try write(damaged, to: path)
                    tried += 1
                    let found = try await fixture.test.reopened().check(isQuick: false).problems
                    #expect(!found.isEmpty, "object \(object.description.digest.short)")
                    let before = try await fixture.readable()
                    _ = try await fixture.test.reopened().repair()
                    let after = try await fixture.readable()
                    #expect(after.isSuperset(of: before))
                    #expect(try await fixture.test.reopened().repair(from: [fixture.backup]).isWhole)
                    #expect(try await fixture.readable().count == 2)
                    #expect(try FolderContents.bytes(of: path) == whole)
                }
            }
        }
        #expect(tried > 6)
        try Evidence.record(
            family: 23, "objects changed one at a time", tried: tried, outcomes: ["found": tried],
            note: "repair made no readable version unreadable")
    }

    @Test("damage in what no version needs is nothing lost, and goes when the pack is written anew")
    func unneeded() async throws {
        var random = SeededGenerator(seed: 825)
        let test = try TestRegistry()
        let shared = TestTensor("a", .bfloat16, [40, 40], using: &random)
        let own = TestTensor("b", .bfloat16, [40, 40], using: &random)
        try await test.register(try test.folder("both", [shared, own]), "both", base: nil)
        let folder = try test.folder("one", [shared])
        try await test.register(folder, "one", base: nil)
        let pack = try #require(
            try test.registry.catalog.pack(of: test.registry.catalog.version(VersionReference("both")).id))
        _ = try await test.registry.remove(ModelName("both"))
        let path = PackPlace.path(test.registry.path, pack.id)
        let reader = try PackReader(path: path)
        let used = try test.registry.catalog.usedObjects(inPack: pack.id)
        let dead = try #require(
            reader.objects.filter { !used.contains($0.description.digest) }.max { $0.storedBytes < $1.storedBytes })
        let chunk = try #require(dead.chunks.first)
        var bytes = try FolderContents.bytes(of: path)
        bytes[chunk.offset + chunk.headerLength + chunk.payloadLength / 2] ^= 1
        try write(bytes, to: path)
        let report = try await test.reopened().repair()
        #expect(report.isWhole && report.packs.count == 1 && report.packs.first?.lost == [])
        #expect(try await test.reopened().check(isQuick: false).problems == [])
        #expect(try await test.reopened().repair().packs.isEmpty)
        let output = test.directory.path("out")
        _ = try await test.reopened().pull(VersionReference("one"), to: output)
        #expect(try test.contents(of: output) == test.contents(of: folder))
    }

    @Test("a pack with deltas that nothing needs, and whose base is gone, is repaired")
    func forgottenDeltas() async throws {
        var random = SeededGenerator(seed: 827)
        let test = try TestRegistry()
        let first = TestTensor("a", .bfloat16, [40, 40], using: &random)
        let other = TestTensor("b", .bfloat16, [40, 40], using: &random)
        try await test.addBase(try test.folder("base", [first]))
        try await test.register(try test.folder("tune", [first.tuned(using: &random), other]), "tune")
        let folder = try test.folder("kept", [other], config: "k")
        try await test.register(folder, "kept", base: nil)
        let pack = try #require(
            try test.registry.catalog.pack(of: test.registry.catalog.version(VersionReference("tune")).id))
        for name in ["tune", "base"] { _ = try await test.registry.remove(ModelName(name)) }
        _ = try await test.registry.collectGarbage(GarbageCollection(grace: 0, repackBelow: 0))
        let path = PackPlace.path(test.registry.path, pack.id)
        let whole = try FolderContents.bytes(of: path)
        var damaged = whole
        damaged[whole.count - 40] ^= 1
        try write(damaged, to: path)
        #expect(try await test.reopened().repair().isWhole)
        #expect(try FolderContents.bytes(of: path) == whole)
        #expect(try await test.reopened().check(isQuick: false).problems == [])
    }

    @Test(
        "a flipped bit in a manifest that changes nothing keeps nobody from reading; the check finds it, and repair mends it"
    )
    func harmlessFlip() async throws {
        let fixture = try await fixture(seed: 827)
        let whole = try FolderContents.bytes(of: fixture.pack)
        let parts = PackParts(whole)
        let record = try #require(parts.walk.last)
        try #require(record.kind == 3 && record.payload.starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
        var damaged = whole
        // Decoders of zstd do not look at this bit of the frame's descriptor (RFC 8878, section 3.1.1.1.1).
        damaged[record.offset + record.headerLength + 4] ^= 0x10
        try write(damaged, to: fixture.pack)
        let output = fixture.test.directory.path("out")
        _ = try await fixture.test.reopened().pull(VersionReference("tune"), to: output)
        #expect(try fixture.test.contents(of: output) == fixture.test.contents(of: fixture.folders["tune"] ?? ""))
        let problems = try await fixture.test.reopened().check(isQuick: true).problems
        #expect(problems.count == 1 && problems.first?.contains("P-31") == true, "\(problems)")
        #expect(try await fixture.test.reopened().repair().isWhole)
        #expect(try FolderContents.bytes(of: fixture.pack) == whole)
    }

    @Test("whoever has the registry open reads what was repaired, not what was damaged")
    func openElsewhere() async throws {
        let fixture = try await fixture(seed: 826)
        let whole = try FolderContents.bytes(of: fixture.pack)
        var damaged = whole
        let chunk = try #require(try PackReader(path: fixture.pack).objects.last?.chunks.first)
        damaged[chunk.offset + chunk.headerLength] ^= 1
        try write(damaged, to: fixture.pack)
        let registry = try fixture.test.reopened()
        let output = fixture.test.directory.path("out")
        await #expect(throws: DeltaicError.self) { try await registry.pull(VersionReference("tune"), to: output) }
        #expect(try await fixture.test.reopened().repair(from: [fixture.backup]).isWhole)
        registry.closeDeletedPacks()
        _ = try await registry.pull(VersionReference("tune"), to: output)
        #expect(try fixture.test.contents(of: output) == fixture.test.contents(of: fixture.folders["tune"] ?? ""))
    }
}
