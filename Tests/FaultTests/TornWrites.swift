import DeltaicCore
import Foundation
import Glibc
import PackFormat
import TestSupport
import Testing

@testable import Catalog
@testable import Registry

/// The newest files end early.
@Suite(.serialized) struct TornWrites {
    @Test("a catalog whose log ends anywhere has the old state or the new one")
    func log() async throws {
        let scenario = try #require(Scenario.named("register").first)
        let prepared = try await scenario.prepared()
        // Killed when the rows are durable, and before they are taken from the log to the catalog.
        let journal = try #require(prepared.log.firstIndex { $0.path.hasSuffix("journal.log") })
        let commit = try #require(
            prepared.log[..<journal].last { OperationRecord.Kind.syncs.contains($0.kind) && $0.path.hasSuffix("-wal") })
        let killed = try prepared.stage.newCase()
        defer { killed.remove() }
        let outcome = try await killed.run(scenario.arguments(killed), Fault(at: commit.number + 1))
        #expect(outcome.status == 128 + SIGKILL)
        let name = "/registry/catalog.sqlite-wal"
        let whole = try FolderContents.bytes(of: killed.folder + name)
        var tally = Tally()
        var lengths = Set(stride(from: 0, through: whole.count, by: 512))
        // Every byte of the log's header and of the first frame's.
        lengths.formUnion(0...min(56, whole.count))
        lengths.insert(whole.count)
        for length in lengths.sorted() {
            let copy = FaultCase(stage: prepared.stage, name: "torn-\(length)")
            defer { copy.remove() }
            try FileManager.default.copyItem(atPath: killed.folder, toPath: copy.folder)
            try Data(whole.prefix(length)).write(to: URL(filePath: copy.folder + name))
            let found = await prepared.judge(copy, "log of \(length) bytes", &tally)
            if length == whole.count { #expect(found?.isNew == true) }
        }
        try tally.record(family: 4, "catalog's log cut off", note: "\(whole.count) bytes")
    }

    @Test("a catalog that lost changes of which the journal tells is refused, and has them again when it is rebuilt")
    func logBehindJournal() async throws {
        let scenario = try #require(Scenario.named("register").first)
        let prepared = try await scenario.prepared()
        // Killed when the journal is durable too.
        let journal = try #require(
            prepared.log.last { OperationRecord.Kind.syncs.contains($0.kind) && $0.path.hasSuffix("journal.log") })
        let killed = try prepared.stage.newCase()
        defer { killed.remove() }
        let outcome = try await killed.run(scenario.arguments(killed), Fault(at: journal.number + 1))
        #expect(outcome.status == 128 + SIGKILL)
        let name = "/registry/catalog.sqlite-wal"
        let whole = try FolderContents.bytes(of: killed.folder + name)
        var tally = Tally()
        for length in stride(from: 0, to: whole.count, by: 4096 + 24) {
            let copy = FaultCase(stage: prepared.stage, name: "behind-\(length)")
            defer { copy.remove() }
            try FileManager.default.copyItem(atPath: killed.folder, toPath: copy.folder)
            try Data(whole.prefix(length)).write(to: URL(filePath: copy.folder + name))
            let refusal = await #expect(throws: DeltaicError.self) { try await copy.inspect() }
            #expect(refusal?.code == .catalogBehind, "log of \(length) bytes")
            _ = try await ModelRegistry.rebuild(path: copy.registry)
            let found = await prepared.judge(copy, "log of \(length) bytes, rebuilt", &tally)
            #expect(found?.isNew == true)
        }
        try tally.record(family: 4, "catalog's log cut off behind the journal, then rebuilt", note: nil)
    }

    @Test("a pack that ends early is found by the check and never read; other versions are as before")
    func pack() async throws {
        let stage = try Stage()
        try await stage.makeModels()
        let path = try newestPack(stage)
        let whole = try FolderContents.bytes(of: path)
        var lengths = Set(stride(from: 0, to: whole.count, by: 512))
        // Every byte of the header, the trailer, and what comes before the trailer.
        lengths.formUnion(0..<40)
        lengths.formUnion(whole.count - 128..<whole.count)
        var tally = Tally()
        for length in lengths.sorted() {
            try Data(whole.prefix(length)).write(to: URL(filePath: path))
            let registry = try stage.open()
            let problems = try await registry.check(isQuick: length.isMultiple(of: 2)).problems
            #expect(problems.contains { $0.contains(path) }, "cut to \(length) bytes: \(problems)")
            let output = stage.directory.path("torn")
            await #expect(throws: DeltaicError.self, "cut to \(length) bytes") {
                try await registry.pull(VersionReference("org/m@v2"), to: output)
            }
            // The configuration is in another pack: the base has it too.
            #expect(!FolderContents.files(in: output).contains("model.safetensors"), "cut to \(length) bytes")
            for (version, folder) in ["base": "base", "org/m@v1": "tuned"] {
                let output = stage.directory.path("whole")
                _ = try await registry.pull(VersionReference(version), to: output)
                let isSame = try FolderContents.digests(of: output) == FolderContents.digests(of: stage.model(folder))
                #expect(isSame, "\(version) when cut to \(length) bytes")
                try FileManager.default.removeItem(atPath: output)
            }
            tally.count("found")
        }
        try Data(whole).write(to: URL(filePath: path))
        #expect(try await stage.open().check(isQuick: false).problems.isEmpty)
        try tally.record(family: 4, "newest pack cut off", note: "\(whole.count) bytes")
    }

    /// The pack of the second fine-tune, which nothing else needs.
    private func newestPack(_ stage: Stage) throws -> String {
        let registry = try stage.open()
        let version = try registry.catalog.version(try VersionReference("org/m@v2"))
        let pack = try #require(try registry.catalog.pack(of: version.id))
        return registry.directory.packs.path(of: pack.id)
    }
}
