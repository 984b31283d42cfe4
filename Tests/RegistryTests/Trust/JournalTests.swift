import Catalog
import DeltaicCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Registry

@Suite("The journal tells what no pack does, and says when it cannot")
struct JournalTests {
    private func journal(_ test: TestRegistry) -> String { test.registry.path + "/packs/journal.log" }

    private func problems(_ test: TestRegistry) async throws -> [String] {
        try await test.reopened().check(isQuick: true).problems
    }

    private func registry() async throws -> TestRegistry {
        var random = SeededGenerator(seed: 801)
        let test = try TestRegistry()
        let base = TestTensor("a", .bfloat16, [8, 8], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        try await test.register(try test.folder("tune", [base.tuned(using: &random)]), "tune")
        _ = try await test.registry.tag(VersionReference("tune"), as: "prod")
        return test
    }

    @Test("it is there after every change, whole, and agrees with the catalog")
    func agrees() async throws {
        let trusted = try await TrustedRegistry()
        let contents = try trusted.test.registry.directory.journal.read()
        #expect(contents.problems.isEmpty)
        #expect(try contents.last == trusted.test.registry.catalog.lastEvent())
        let told = RegistryHistory(contents.events)
        #expect(told.problems.isEmpty)
        let state = RegistryHistory(try trusted.test.registry.catalog.state(after: 0).snapshot)
        #expect(told.differences(from: state).isEmpty)
        #expect(told.models["org/one"]?.tags == ["first": 1, "prod": 2])
        #expect(told.models["org/one"]?.lastNumber == 3)
        #expect(told.models["org/renamed"]?.versions.count == 1)
        #expect(told.tokens["ci"] != nil)
        #expect(try await problems(trusted.test) == [])
    }

    @Test("what a crash leaves uncopied is copied after the next change", arguments: [0, 1, 7, 40])
    func tornTail(cut: Int) async throws {
        let test = try await registry()
        let path = journal(test)
        let whole = try FolderContents.bytes(of: path)
        let lastLine = try #require(whole.dropLast().lastIndex(of: 10)) + 1
        try Data(whole.prefix(lastLine + cut)).write(to: URL(filePath: path))
        // The catalog still has the event: nothing is lost, and nothing is wrong.
        #expect(try await problems(test) == [])
        _ = try await test.reopened().tag(VersionReference("tune"), as: "other")
        let contents = try test.registry.directory.journal.read()
        #expect(contents.problems.isEmpty)
        #expect(RegistryHistory(contents.events).models["tune"]?.tags == ["prod": 1, "other": 1])
        #expect(try await problems(test) == [])
    }

    @Test("every flipped byte is found, or is in a tail that the catalog can write again; repair writes it anew")
    func flips() async throws {
        let test = try await registry()
        let path = journal(test)
        let whole = try FolderContents.bytes(of: path)
        let lastLine = try #require(whole.dropLast().lastIndex(of: 10)) + 1
        var found = 0
        for position in stride(from: 0, to: lastLine, by: 3) {
            var damaged = whole
            damaged[position] ^= 1 << UInt8(position % 8)
            try Data(damaged).write(to: URL(filePath: path))
            let problems = try await problems(test)
            #expect(!problems.isEmpty, "byte \(position)")
            found += problems.isEmpty ? 0 : 1
        }
        try Evidence.record(
            family: 5, "bit flips in the journal", tried: found, outcomes: ["found": found])
        let report = try await test.reopened().repair()
        #expect(report.rewroteJournal && report.isWhole)
        #expect(try await problems(test) == [])
    }

    @Test("a journal that is gone is a problem, and repair writes it anew")
    func missing() async throws {
        let test = try await registry()
        try FileManager.default.removeItem(atPath: journal(test))
        #expect(try await problems(test).count == 1)
        #expect(try await test.reopened().repair(isDryRun: true).rewroteJournal)
        #expect(!FileManager.default.fileExists(atPath: journal(test)))
        #expect(try await test.reopened().repair().rewroteJournal)
        #expect(try await problems(test) == [])
    }

    @Test("a catalog that lost its last changes is refused, and says what to do")
    func catalogBehind() async throws {
        let test = try TestRegistry()
        var random = SeededGenerator(seed: 802)
        try await test.addBase(try test.folder("base", [TestTensor("a", .bfloat16, [8, 8], using: &random)]))
        let old = test.directory.path("old.sqlite")
        let copy = try CatalogDatabase.open(path: test.registry.path + "/catalog.sqlite")
        try copy.close()
        try FileManager.default.copyItem(atPath: test.registry.path + "/catalog.sqlite", toPath: old)
        _ = try await test.reopened().tag(VersionReference("base"), as: "later")
        try FileManager.default.removeItem(atPath: test.registry.path + "/catalog.sqlite")
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: test.registry.path + "/catalog.sqlite" + suffix)
        }
        try FileManager.default.copyItem(atPath: old, toPath: test.registry.path + "/catalog.sqlite")
        for isReadOnly in [true, false] {
            let error = #expect(throws: DeltaicError.self) {
                try ModelRegistry(path: test.registry.path, options: .init(isReadOnly: isReadOnly))
            }
            #expect(error?.code == .catalogBehind)
            #expect(error?.description.contains("deltaic rebuild") == true)
        }
    }

    @Test("what a killed process left uncopied is copied when the registry is opened, and a check says what is left")
    func lag() async throws {
        let test = try await registry()
        let path = journal(test)
        let whole = try FolderContents.bytes(of: path)
        let lastLine = try #require(whole.dropLast().lastIndex(of: 10)) + 1
        // Events stay in the catalog until the change after the next.
        try Data(whole.prefix(lastLine)).write(to: URL(filePath: path))
        let reader = try ModelRegistry(path: test.registry.path, options: .init(isReadOnly: true))
        let report = try await reader.check(isQuick: true)
        #expect(report.problems == [] && report.journalLag == 1)
        #expect(try await test.reopened().check(isQuick: true).journalLag == 0)
        #expect(try FolderContents.bytes(of: path) == whole)
    }

    @Test("a change that cannot be copied is made, and said to be only in the catalog")
    func warning() async throws {
        let test = try await registry()
        let said = Mutex<[String]>([])
        let registry = try ModelRegistry(
            path: test.registry.path, options: .init(warn: { text in said.withLock { $0.append(text) } }))
        try FileManager.default.removeItem(atPath: journal(test))
        try FileManager.default.createDirectory(atPath: journal(test), withIntermediateDirectories: false)
        _ = try await registry.tag(VersionReference("tune"), as: "other")
        #expect(said.withLock { $0.count } == 1)
        try FileManager.default.removeItem(atPath: journal(test))
        _ = try await registry.tag(VersionReference("tune"), as: "third")
        #expect(said.withLock { $0.count } == 1)
        #expect(try await problems(test) == [])
    }

    /// A registry whose journal is longer than what is read of it at once.
    private func longRegistry() async throws -> TestRegistry {
        let test = try await registry()
        try add(100_000, count: 14, to: test)
        #expect(try FolderContents.bytes(of: journal(test)).count > 5 << 18)
        return test
    }

    /// Adds events of many bytes.
    private func add(_ length: Int, count: Int, to test: TestRegistry) throws {
        let version = try test.registry.catalog.version(VersionReference("tune"))
        for index in 0..<count {
            try test.registry.catalog.addEvaluation(
                EvaluationRecord(command: String(repeating: "x", count: length), score: 0.5, createdAt: index),
                to: version.id)
        }
    }

    @Test("a long journal is written on by two who have it open, each of whom sees what the other wrote")
    func longJournal() async throws {
        let test = try await longRegistry()
        let other = try test.reopened()
        let first = try test.registry.directory.journal.read().events.first
        for name in ["a", "b", "c"] {
            _ = try await test.registry.tag(VersionReference("tune"), as: name)
            _ = try await other.tag(VersionReference("tune"), as: name + "-other")
        }
        let contents = try test.registry.directory.journal.read()
        #expect(contents.problems == [])
        // It was not begun anew.
        #expect(contents.events.first == first)
        #expect(try contents.last == test.registry.catalog.lastEvent())
        #expect(RegistryHistory(contents.events).models["tune"]?.tags.count == 7)
        #expect(try await problems(test) == [])
    }

    @Test(
        "the last event is found whatever its length, and whatever a crash left after it",
        arguments: [10, 5000, 70_000, 1_200_000], [0, 1, 300, 9000])
    func lastEvent(length: Int, torn: Int) async throws {
        let test = try await registry()
        try add(length, count: 2, to: test)
        let journal = test.registry.directory.journal
        let last = try test.registry.catalog.lastEvent()
        let whole = try FolderContents.bytes(of: journal.path)
        try Data(whole + [UInt8](repeating: UInt8(ascii: "f"), count: torn)).write(to: URL(filePath: journal.path))
        #expect(try journal.lastEvent() == last)
        _ = try await test.reopened().tag(VersionReference("tune"), as: "next")
        #expect(try journal.lastEvent() == last + 1)
        #expect(try FolderContents.bytes(of: journal.path).prefix(whole.count) == whole[...])
        #expect(try await problems(test) == [])
    }

    @Test(
        "a long journal of which the last lines were lost is begun anew by whoever knew them", arguments: [1, 150, 400])
    func lostLines(cut: Int) async throws {
        let test = try await longRegistry()
        for name in ["a", "b", "c"] { _ = try await test.registry.tag(VersionReference("tune"), as: name) }
        let whole = try FolderContents.bytes(of: journal(test))
        try Data(whole.dropLast(cut)).write(to: URL(filePath: journal(test)))
        _ = try await test.registry.tag(VersionReference("tune"), as: "d")
        let contents = try test.registry.directory.journal.read()
        #expect(contents.problems == [])
        #expect(RegistryHistory(contents.events).models["tune"]?.tags.count == 5)
        #expect(try await problems(test) == [])
    }

    @Test("a whole line after one that a power cut left damaged does not hide it from whoever opens the registry next")
    func damageBeforeLastLine() async throws {
        let test = try await longRegistry()
        for name in ["a", "b", "c"] { _ = try await test.registry.tag(VersionReference("tune"), as: name) }
        var damaged = try FolderContents.bytes(of: journal(test))
        let lastLine = try #require(damaged.dropLast().lastIndex(of: 10)) + 1
        for position in lastLine - 40..<lastLine { damaged[position] = 0 }
        try Data(damaged).write(to: URL(filePath: journal(test)))
        _ = try await test.reopened().tag(VersionReference("tune"), as: "d")
        let contents = try test.registry.directory.journal.read()
        #expect(contents.problems == [])
        #expect(contents.events.first?.json.contains("snapshot") == true)
        #expect(try await problems(test) == [])
    }

    @Test("whoever writes on for long looks at all of the end again")
    func longWriter() async throws {
        let test = try await longRegistry()
        var damaged = try FolderContents.bytes(of: journal(test))
        // In the file itself, as a disk would do it: a new file would be looked at anyhow.
        damaged[damaged.count - 150_000] ^= 1
        let file = try FileHandle(forUpdating: URL(filePath: journal(test)))
        try file.seek(toOffset: UInt64(damaged.count - 150_000))
        try file.write(contentsOf: Data([damaged[damaged.count - 150_000]]))
        try file.close()
        try add(100_000, count: 1, to: test)
        #expect(try test.registry.directory.journal.read().problems.count >= 1)
        try add(100_000, count: 12, to: test)
        #expect(try await problems(test) == [])
    }

    @Test("scores are kept to the last digit")
    func scores() async throws {
        let test = try await registry()
        let version = try test.registry.catalog.version(VersionReference("tune"))
        let scores = [0.1 + 0.2, 1, -1e-300, 1.0 / 3, 12_345_678_901_234.567]
        for (index, score) in scores.enumerated() {
            try test.registry.catalog.addEvaluation(
                EvaluationRecord(command: "score", score: score, createdAt: index), to: version.id)
        }
        let read = { RegistryHistory(try test.registry.directory.journal.read().events) }
        #expect(try read().models["tune"]?.versions[1]?.evaluations.map(\.score) == scores)
        try test.registry.directory.journal.rewrite(from: test.registry.catalog)
        #expect(try read().models["tune"]?.versions[1]?.evaluations.map(\.score) == scores)
        #expect(try await problems(test) == [])
    }

    @Test("scores with fewer digits, as older journals have them, are no difference")
    func roundedScores() {
        func history(_ score: String) -> RegistryHistory {
            let commit = String(repeating: "0", count: 40)
            let version = #""model":"a","number":1,"commit":"\#(commit)""#
            return RegistryHistory([
                CatalogEvent(sequence: 1, at: 0, json: #"{"event":"version",\#(version)}"#),
                CatalogEvent(
                    sequence: 2, at: 0,
                    json: #"{"event":"evaluated",\#(version),"text":"c","score":\#(score),"at":1}"#),
            ])
        }
        #expect(history("0.83333333333333337").problems.isEmpty)
        #expect(history("0.83333333333333337").differences(from: history("0.833333333333333")).isEmpty)
        #expect(history("0.83333333333333337").differences(from: history("0.8333333333")).count == 1)
    }

    @Test("it is begun anew when most of it is no longer so, and says the same then")
    func compaction() async throws {
        let test = try await registry()
        for _ in 0..<30 {
            for tag in ["a", "b"] { _ = try await test.registry.tag(VersionReference("tune"), as: tag) }
            try await test.registry.untag(ModelName("tune"), "a")
        }
        let journal = test.registry.directory.journal
        let before = RegistryHistory(try journal.read().events)
        #expect(try journal.compact(from: test.registry.catalog) == 0)
        #expect(try journal.compact(from: test.registry.catalog, least: 1000) > 3000)
        let after = RegistryHistory(try journal.read().events)
        #expect(before.differences(from: after).isEmpty)
        #expect(try journal.compact(from: test.registry.catalog, least: 1000) == 0)
        _ = try await test.registry.tag(VersionReference("tune"), as: "c")
        #expect(try await problems(test) == [])
    }

    @Test("an event of a kind that is not known yet is passed over; one that does not fit is a problem")
    func unknownEvents() {
        func history(_ texts: String...) -> RegistryHistory {
            RegistryHistory(texts.enumerated().map { CatalogEvent(sequence: $0 + 1, at: 0, json: $1) })
        }
        #expect(history(#"{"event":"celebrated","model":"a","year":3}"#).problems.isEmpty)
        #expect(history(#"{"event":"tag","model":"a","name":"x","number":1}"#).problems.count == 1)
        #expect(history("{}").problems.count == 1)
        #expect(history("no JSON").problems.count == 1)
    }
}
