import Catalog
import DeltaicCore
import Foundation
import PackFormat
import Synchronization
import TestSupport
import Testing

@testable import Registry

@Suite("Garbage goes late, and only garbage")
struct GarbageTests {
    private struct Pair {
        let test: TestRegistry
        let base: String
        let tune: String
    }

    private func pair(seed: UInt64) async throws -> Pair {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let base = TestTensor("a", .bfloat16, [64, 64], using: &random)
        let folders = (try test.folder("base", [base]), try test.folder("tune", [base.tuned(using: &random)]))
        try await test.addBase(folders.0)
        try await test.register(folders.1, "tune")
        return Pair(test: test, base: folders.0, tune: folders.1)
    }

    @Test("a removed version's pack stays for the grace period, and a dry run changes nothing")
    func grace() async throws {
        let pair = try await pair(seed: 811)
        let registry = pair.test.registry
        let removal = try await registry.remove(ModelName("tune"))
        #expect(removal.garbageBytes > 0)
        #expect(try registry.savings().garbageBytes == removal.garbageBytes)
        let waiting = try await registry.collectGarbage()
        #expect(waiting.deleted.isEmpty && waiting.waiting.count == 1 && waiting.waitingBytes == removal.garbageBytes)
        let forecast = try await registry.collectGarbage(GarbageCollection(grace: 0, isDryRun: true))
        #expect(forecast.deleted.count == 1 && forecast.isDryRun)
        #expect(try pair.test.packs().count == 2)
        let report = try await registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(report.freedBytes == removal.garbageBytes)
        #expect(try pair.test.packs().count == 1)
        #expect(try await registry.check(isQuick: false).problems.isEmpty)
        #expect(try await pair.test.pulls("base", equalTo: pair.base))
    }

    @Test("the same files registered again take their pack out of the garbage")
    func reclaimed() async throws {
        let pair = try await pair(seed: 812)
        let registry = pair.test.registry
        _ = try await registry.remove(ModelName("tune"))
        try await pair.test.register(pair.tune, "tune")
        _ = try await registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(try await pair.test.pulls("tune", equalTo: pair.tune))
        #expect(try await registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("a reader that began before keeps a pack; one that began later does not; collectors never wait for those")
    func readers() async throws {
        let pair = try await pair(seed: 813)
        let registry = pair.test.registry
        let other = try pair.test.reopened()
        var reading: RegistryLock? = try await other.lockForReading()
        _ = try await registry.remove(ModelName("tune"))
        let quick = GarbageCollection(grace: 0, patience: 0)
        for _ in 0..<3 {
            let report = try await registry.collectGarbage(quick)
            #expect(report.deleted.isEmpty && report.inUse.count == 1)
            #expect(try pair.test.packs().count == 2)
        }
        // Readers come and go all the time.
        let later = try await other.lockForReading()
        withExtendedLifetime(reading) {}
        reading = nil
        let report = try await registry.collectGarbage(quick)
        #expect(report.deleted.count == 1 && report.inUse.isEmpty)
        withExtendedLifetime(later) {}
        try Evidence.record(
            family: 9, "collections of garbage beside readers", tried: 4, outcomes: ["old state": 3, "new state": 1])
    }

    @Test("stray packs are kept for the grace period, foreign files and unreadable packs for ever")
    func strays() async throws {
        let pair = try await pair(seed: 814)
        let other = try await self.pair(seed: 815)
        let packs = pair.test.registry.path + "/packs"
        for (path, _) in try other.test.packs() {
            let name = (path as NSString).lastPathComponent
            try FileManager.default.createDirectory(
                atPath: packs + "/" + name.prefix(2), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: path, toPath: "\(packs)/\(name.prefix(2))/\(name)")
        }
        let unreadable = String(repeating: "ab", count: 32)
        try pair.test.directory.write("registry/packs/ab/\(unreadable).pack", [1, 2, 3])
        try pair.test.directory.write("registry/packs/notes.txt", [1])
        try pair.test.directory.write("registry/packs/.deltaic-1-2.part", [1])
        let first = try await pair.test.registry.collectGarbage()
        #expect(first.deleted.isEmpty && first.strays.count == 2 && first.leftovers.count == 1)
        #expect(first.waiting.map(\.reason) == ["stray", "stray"])
        let second = try await pair.test.registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(second.deleted.count == 2 && second.strays.count == 2)
        #expect(FileManager.default.fileExists(atPath: packs + "/notes.txt"))
        #expect(FileManager.default.fileExists(atPath: "\(packs)/ab/\(unreadable).pack"))
        #expect(try await pair.test.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("nothing is deleted while a pack that is needed is missing or cut")
    func refusesWhileDamaged() async throws {
        let pair = try await pair(seed: 816)
        let registry = pair.test.registry
        _ = try await registry.remove(ModelName("tune"))
        let needed = try #require(try registry.catalog.packs().first)
        let path = registry.directory.packs.path(of: needed.id)
        let whole = try FolderContents.bytes(of: path)
        try Data(whole.dropLast(9)).write(to: URL(filePath: path))
        await #expect(throws: DeltaicError.self) {
            try await pair.test.reopened().collectGarbage(GarbageCollection(grace: 0))
        }
        #expect(try pair.test.packs().count == 2)
        try FileManager.default.removeItem(atPath: path)
        await #expect(throws: DeltaicError.self) {
            try await pair.test.reopened().collectGarbage(GarbageCollection(grace: 0))
        }
        #expect(try pair.test.packs().count == 1)
    }

    @Test("a pack of which little is needed is written anew; what is needed keeps its bytes")
    func repacks() async throws {
        var random = SeededGenerator(seed: 817)
        let test = try TestRegistry()
        let registry = test.registry
        let base = TestTensor("a", .bfloat16, [64, 64], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        let shared = TestTensor("shared", .bfloat16, [32, 64], using: &random)
        let own = TestTensor("own", .bfloat16, [512, 64], using: &random)
        try await test.register(try test.folder("first", [shared, own]), "first")
        let folder = try test.folder("second", [shared], config: "2")
        try await test.register(folder, "second")
        let before = try registry.savings().storedBytes
        _ = try await registry.remove(ModelName("first"))
        let forecast = try await registry.collectGarbage(GarbageCollection(grace: 0, isDryRun: true))
        #expect(forecast.repacked.count == 1)
        let report = try await registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(report.repacked.count == 1 && report.deleted.count == 1)
        #expect(try registry.savings().storedBytes < before - 40_000)
        #expect(try await test.pulls("second", equalTo: folder))
        #expect(try await registry.check(isQuick: false).problems.isEmpty)
        #expect(try await registry.collectGarbage(GarbageCollection(grace: 0)).repacked.isEmpty)
    }
}
