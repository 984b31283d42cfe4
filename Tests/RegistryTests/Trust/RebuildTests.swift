import Catalog
import DeltaicCore
import Foundation
import PackFormat
import TestSupport
import Testing

@testable import Registry

@Suite("The catalog can be made anew from the packs and their journal")
struct RebuildTests {
    private func removeCatalog(_ path: String) throws {
        for suffix in ["", "-wal", "-shm"]
        where FileManager.default.fileExists(atPath: path + "/catalog.sqlite" + suffix) {
            try FileManager.default.removeItem(atPath: path + "/catalog.sqlite" + suffix)
        }
    }

    /// A copy of a registry's folder, which nobody has open.
    private func copy(_ trusted: TrustedRegistry) throws -> String {
        let path = trusted.test.directory.path("copy-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: trusted.test.registry.path, toPath: path)
        return path
    }

    @Test(
        "a registry whose catalog is deleted has all of it again: versions, tags, tasks, branches, scores, tokens, signatures"
    )
    func catalogLost() async throws {
        let trusted = try await TrustedRegistry()
        let before = try await trusted.sight()
        let path = try copy(trusted)
        try removeCatalog(path)
        let forecast = try await ModelRegistry.rebuild(path: path, isDryRun: true)
        #expect(forecast.versions == before.keys.filter { !$0.contains(" ") }.count)
        #expect(!FileManager.default.fileExists(atPath: path + "/catalog.sqlite"))
        let report = try await ModelRegistry.rebuild(path: path)
        #expect(report.hasJournal && report.lost.isEmpty && report.problems.isEmpty)
        let rebuilt = try ModelRegistry(path: path)
        let after = try await trusted.sight(rebuilt)
        for key in Set(before.keys).union(after.keys).sorted() { #expect(after[key] == before[key], "\(key)") }
        #expect(try await rebuilt.check(isQuick: false).problems == [])
        // It goes on as a registry does: what waits is compressed, numbers are not used again.
        for pending in try rebuilt.pendingVersions() {
            _ = try await rebuilt.compress(VersionReference(pending.version))
        }
        _ = try await rebuilt.collectGarbage(GarbageCollection(grace: 0))
        #expect(try await rebuilt.check(isQuick: false).problems == [])
        try Evidence.record(family: 20, "catalogs deleted and rebuilt", tried: 1, outcomes: ["new state": 1])
    }

    @Test("without the journal every version comes back, with the tags of its registration")
    func journalLostToo() async throws {
        let trusted = try await TrustedRegistry()
        let path = try copy(trusted)
        try removeCatalog(path)
        try FileManager.default.removeItem(atPath: path + "/packs/journal.log")
        let report = try await ModelRegistry.rebuild(path: path)
        #expect(!report.hasJournal)
        let rebuilt = try ModelRegistry(path: path)
        #expect(try await rebuilt.check(isQuick: false).problems == [])
        for reference in [
            "base@v1", "org/one:first", "org/one@v2", "org/one@v3", "org/lossy:small", "copy@v1", "pushed/done",
            "pushed/waits",
        ] {
            let output = trusted.test.directory.path("out-\(UUID().uuidString)")
            _ = try await rebuilt.pull(VersionReference(reference), to: output)
        }
        #expect(try await trusted.test.pulls("org/one@v2", equalTo: trusted.test.directory.path("one2")))
        #expect(try rebuilt.pendingVersions().map(\.version) == ["pushed/waits@v1"])
        try Evidence.record(family: 20, "catalogs rebuilt without journal", tried: 1, outcomes: ["new state": 1])
    }

    @Test("a version whose pack is gone is named, and nothing is changed unless that is allowed")
    func packLost() async throws {
        let trusted = try await TrustedRegistry()
        let path = try copy(trusted)
        let pack = try #require(
            try trusted.test.registry.catalog.pack(
                of: trusted.test.registry.catalog.version(VersionReference("org/one@v2")).id))
        try FileManager.default.removeItem(atPath: PackPlace.path(path, pack.id))
        let error = await #expect(throws: DeltaicError.self) { try await ModelRegistry.rebuild(path: path) }
        #expect(error?.code == .incompleteRebuild)
        #expect(error?.description.contains("org/one@v2") == true)
        #expect(!FileManager.default.fileExists(atPath: path + "/catalog.sqlite.before-rebuild"))
        let report = try await ModelRegistry.rebuild(path: path, allowsLoss: true)
        #expect(report.lost.keys.sorted() == ["org/one@v2"])
        let rebuilt = try ModelRegistry(path: path)
        #expect(try await rebuilt.check(isQuick: false).problems == [])
        #expect(try await trusted.test.pulls("org/one@v1", equalTo: trusted.test.directory.path("one1")))
    }

    @Test("what is registered against a base that has another name now is pulled, and comes back with its base")
    func renamedBase() async throws {
        var random = SeededGenerator(seed: 841)
        let test = try TestRegistry()
        let base = TestTensor("a", .bfloat16, [40, 40], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        try await test.registry.rename(ModelName("base"), to: ModelName("lab/base"))
        let folder = try test.folder("tune", [base.tuned(using: &random)], config: "t")
        try await test.register(folder, "tune", base: "lab/base")
        try await test.registry.rename(ModelName("lab/base"), to: ModelName("lab/third"))
        #expect(try await test.pulls("tune", equalTo: folder))
        #expect(try await test.registry.check(isQuick: false).problems == [])
        let path = test.directory.path("copy")
        try FileManager.default.copyItem(atPath: test.registry.path, toPath: path)
        try removeCatalog(path)
        _ = try await ModelRegistry.rebuild(path: path)
        let rebuilt = try ModelRegistry(path: path)
        #expect(try rebuilt.describe(VersionReference("tune")).version.base == "lab/third@v1")
        #expect(try await rebuilt.check(isQuick: false).problems == [])
    }

    @Test("a registry that somebody has open is not rebuilt")
    func inUse() async throws {
        let trusted = try await TrustedRegistry()
        let path = trusted.test.registry.path
        let attempt = Task { try await ModelRegistry.rebuild(path: path) }
        let error = await #expect(throws: DeltaicError.self) { try await attempt.value }
        #expect(error?.code == .registryLocked)
    }

    @Test(
        "what was registered after the journal's end comes back with its tags; what was removed does not, whatever the journal forgot"
    )
    func journalEndsEarly() async throws {
        let trusted = try await TrustedRegistry()
        let registry = trusted.test.registry
        let path = registry.path + "/packs/journal.log"
        // Removals are only in the tombstones of garbage then.
        _ = try await registry.remove(VersionReference("org/renamed"))
        try registry.directory.journal.rewrite(from: registry.catalog)
        let early = try FolderContents.bytes(of: path)
        _ = try await registry.register(
            trusted.test.directory.path("one3"),
            as: Registration(name: ModelName("org/one"), base: VersionReference("base"), tags: ["prod", "late"]))
        let copy = try copy(trusted)
        try removeCatalog(copy)
        try Data(early).write(to: URL(filePath: copy + "/packs/journal.log"))
        let report = try await ModelRegistry.rebuild(path: copy)
        #expect(report.hasJournal && report.lost.isEmpty && report.unclear.isEmpty && report.problems.isEmpty)
        #expect(report.unnamed == ["org/one@v4"])
        let rebuilt = try ModelRegistry(path: copy)
        #expect(try rebuilt.catalog.allVersions().map(\.reference) == registry.catalog.allVersions().map(\.reference))
        for tag in ["prod", "late"] {
            #expect(try rebuilt.describe(VersionReference("org/one:\(tag)")).version.number == 4)
        }
        #expect(try await rebuilt.check(isQuick: false).problems == [])
    }

    @Test("what is left of versions that are lost is kept, whatever others need of it")
    func leftovers() async throws {
        let trusted = try await TrustedRegistry()
        let path = try copy(trusted)
        let catalog = trusted.test.registry.catalog
        let base = try #require(try catalog.pack(of: catalog.version(VersionReference("base")).id)?.id)
        try FileManager.default.removeItem(atPath: PackPlace.path(path, base))
        let report = try await ModelRegistry.rebuild(path: path, allowsLoss: true)
        let references = ["org/one@v1", "org/one@v2", "org/lossy@v1", "org/renamed@v1"]
        #expect(Set(references).isSubset(of: report.lost.keys))
        let rebuilt = try ModelRegistry(path: path)
        _ = try await rebuilt.collectGarbage(GarbageCollection(grace: 0))
        for reference in references {
            let pack = try #require(try catalog.pack(of: catalog.version(VersionReference(reference)).id)?.id)
            let kept = path + "/quarantine/\(pack.hex).pack"
            #expect(FileManager.default.fileExists(atPath: kept), "\(reference)")
        }
        #expect(try await rebuilt.check(isQuick: false).problems == [])
    }

    @Test(
        "a pack that the journal should name and does not is put aside, not deleted, and said so; one that came later is a version",
        arguments: [true, false])
    func unclear(isOld: Bool) async throws {
        var random = SeededGenerator(seed: 843)
        let other = try TestRegistry()
        try await other.addBase(
            try other.folder("base", [TestTensor("a", .bfloat16, [40, 40], using: &random)]), "other/base")
        let test = try TestRegistry()
        try await test.addBase(try test.folder("base", [TestTensor("a", .bfloat16, [40, 40], using: &random)]))
        try await Task.sleep(for: .milliseconds(1100))
        _ = try await test.registry.tag(VersionReference("base"), as: "later")
        let path = test.directory.path("copy")
        try FileManager.default.copyItem(atPath: test.registry.path, toPath: path)
        try removeCatalog(path)
        let foreign = try #require(try other.packs().keys.first)
        let id = try #require(Digest(hex: String(foreign.split(separator: "/").last?.dropLast(5) ?? "")))
        let place = PackPlace.path(path, id)
        try FileManager.default.createDirectory(
            atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: foreign, toPath: place)
        try FileManager.default.setAttributes(
            [.modificationDate: isOld ? Date(timeIntervalSince1970: 1_000_000) : Date()], ofItemAtPath: place)
        let report = try await ModelRegistry.rebuild(path: path)
        guard isOld else {
            #expect(report.unnamed == ["other/base@v1"] && report.unclear.isEmpty)
            #expect(try await ModelRegistry(path: path).check(isQuick: false).problems == [])
            return
        }
        #expect(report.unclear.keys.map(\.self) == [id] && report.lost.isEmpty)
        #expect(report.unclear[id]?.contains("other/base@v1") == true)
        #expect(FileManager.default.fileExists(atPath: path + "/quarantine/\(id.hex).pack"))
        #expect(FileManager.default.fileExists(atPath: path + "/quarantine/journal.log"))
        let rebuilt = try ModelRegistry(path: path)
        #expect(try rebuilt.catalog.allVersions().map(\.reference) == ["base@v1"])
        _ = try await rebuilt.collectGarbage(GarbageCollection(grace: 0))
        #expect(FileManager.default.fileExists(atPath: path + "/quarantine/\(id.hex).pack"))
        #expect(try await rebuilt.check(isQuick: false).problems == [])
    }

    @Test("without a journal, models whose first commits are equal are both there")
    func equalCommits() async throws {
        let test = try TestRegistry()
        _ = try await test.registry.createModel(ModelName("first"))
        let version = try test.registry.catalog.version(VersionReference("first"))
        let id = try #require(try test.registry.catalog.pack(of: version.id)?.id)
        let path = test.directory.path("copy")
        try FileManager.default.copyItem(atPath: test.registry.path, toPath: path)
        try removeCatalog(path)
        try FileManager.default.removeItem(atPath: path + "/packs/journal.log")
        // As if another had been made in the same second: commits do not have the model's name in them.
        let packs = PackDirectory(path: path + "/packs")
        var manifest = try VersionManifest(json: try #require(try packs.open(id).manifest()))
        manifest.model = "twin"
        let writer = try packs.newPack()
        try writer.write(manifest: try manifest.json())
        _ = try packs.publish(writer)
        let report = try await ModelRegistry.rebuild(path: path)
        #expect(report.models == 2 && report.unclear.isEmpty && report.lost.isEmpty)
        let rebuilt = try ModelRegistry(path: path)
        #expect(try rebuilt.catalog.allVersions().map(\.commit) == [version.commit, version.commit])
        #expect(try await rebuilt.check(isQuick: false).problems == [])
    }

    @Test("an interrupted rebuild is begun anew, and the catalog of before is kept")
    func again() async throws {
        let trusted = try await TrustedRegistry()
        let path = try copy(trusted)
        for suffix in ["", "-wal", "-shm"] {
            try Data([1, 2, 3]).write(to: URL(filePath: path + "/catalog.sqlite.rebuilding" + suffix))
        }
        let first = try await ModelRegistry.rebuild(path: path)
        let second = try await ModelRegistry.rebuild(path: path)
        #expect(first.previousCatalog != nil && second.previousCatalog != first.previousCatalog)
        #expect(try await ModelRegistry(path: path).check(isQuick: false).problems == [])
    }
}

/// Where a pack lies in a registry's folder.
enum PackPlace {
    static func path(_ registry: String, _ pack: Digest) -> String {
        "\(registry)/packs/\(pack.hex.prefix(2))/\(pack.hex).pack"
    }
}
