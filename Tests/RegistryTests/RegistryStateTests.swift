import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@Suite("Versions, removal and savings")
struct RegistryStateTests {
    private func model(_ random: inout SeededGenerator, _ size: Int = 60) -> TestTensor {
        TestTensor("w", .bfloat16, [size, size], using: &random)
    }

    @Test("savings agree with the bytes of the packs on disk after any sequence of changes", arguments: 1...3)
    func savingsAgree(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let base = model(&random)
        try await test.addBase(try test.folder("base", [base]))
        var names: [String] = []
        for step in 0..<12 {
            if !names.isEmpty, random.next() % 3 == 0 {
                let name = names.remove(at: Int(random.next() % UInt64(names.count)))
                _ = try await test.registry.remove(ModelName(name))
                if random.next() % 2 == 0 {
                    _ = try await test.registry.collectGarbage(GarbageCollection(grace: 0))
                    #expect(try test.registry.savings().garbageBytes == 0, "seed \(seed), step \(step)")
                }
            } else {
                let name = "m\(random.next() % 4)"
                if !names.contains(name) { names.append(name) }
                let folder = try test.folder("f\(step)", [base.tuned(using: &random)], config: "\(step)")
                try await test.register(folder, name)
            }
            let onDisk = try test.packs().values.reduce(0, +)
            for grouping in SavingsReport.Grouping.allCases {
                let savings = try test.registry.savings(by: grouping)
                #expect(savings.storedBytes == onDisk, "seed \(seed), step \(step)")
                let groups = savings.groups.reduce(0) { $0 + $1.storedBytes }
                #expect(groups + savings.retainedBytes + savings.garbageBytes == onDisk, "seed \(seed), step \(step)")
            }
        }
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("versions count up, tags move, and each is pulled by its own name")
    func versions() async throws {
        var random = SeededGenerator(seed: 41)
        let test = try TestRegistry()
        let base = model(&random)
        try await test.addBase(try test.folder("base", [base]))
        let folders = try (1...3).map { try test.folder("f\($0)", [base.tuned(using: &random)], config: "\($0)") }
        for folder in folders { try await test.register(folder, "org/m") }
        _ = try await test.registry.tag(VersionReference("org/m@v2"), as: "prod")
        #expect(try await test.pulls("org/m@v1", equalTo: folders[0]))
        #expect(try await test.pulls("org/m:prod", equalTo: folders[1]))
        #expect(try await test.pulls("org/m", equalTo: folders[2]))
        let commit = try test.registry.describe(VersionReference("org/m@v1")).version.commit
        #expect(try await test.pulls("org/m@\(commit.hex.prefix(10))", equalTo: folders[0]))
        _ = try await test.registry.tag(VersionReference("org/m@v3"), as: "prod")
        #expect(try test.registry.describe(VersionReference("org/m:prod")).version.number == 3)
    }

    @Test("a base with dependants is not removed, and the error names them")
    func dependants() async throws {
        var random = SeededGenerator(seed: 42)
        let test = try TestRegistry()
        let base = model(&random)
        try await test.addBase(try test.folder("base", [base]))
        try await test.register(try test.folder("tune", [base.tuned(using: &random)]), "org/tune")
        let error = await #expect(throws: DeltaicError.self) { try await test.registry.remove(ModelName("base")) }
        #expect(error?.description.contains("org/tune@v1") == true)
        #expect(error?.code.category == .conflict)
        _ = try await test.registry.remove(ModelName("org/tune"))
        _ = try await test.registry.remove(ModelName("base"))
        _ = try await test.registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(try test.packs().isEmpty)
    }

    @Test("a model is no base, and a base is no model")
    func kinds() async throws {
        var random = SeededGenerator(seed: 43)
        let test = try TestRegistry()
        let folder = try test.folder("base", [model(&random)])
        try await test.addBase(folder)
        let other = try test.folder("other", [model(&random)])
        await #expect(throws: DeltaicError.self) { try await test.register(other, "base") }
        try await test.register(other, "tune")
        await #expect(throws: DeltaicError.self) { try await test.register(folder, "third", base: "tune") }
        await #expect(throws: DeltaicError.self) { try await test.addBase(folder, "tune") }
    }

    @Test("the tree of a version is the one that Git makes of the same files, large ones as LFS pointers")
    func gitTree() async throws {
        var random = SeededGenerator(seed: 44)
        let test = try TestRegistry()
        let folder = try test.folder("base", [model(&random)])
        try test.directory.write("base/sub/notes.txt", "hello".utf8)
        try await test.addBase(folder)
        let details = try test.registry.describe(VersionReference("base"))
        let repository = test.directory.path("git")
        for file in details.files {
            let bytes =
                file.isLFS
                ? LFSPointer.text(sha256: file.sha256, size: file.size)
                : Array(try #require(FileManager.default.contents(atPath: folder + "/" + file.path)))
            try test.directory.write("git/\(file.path)", bytes)
        }
        #expect(details.files.filter(\.isLFS).map(\.path) == ["model.safetensors"])
        _ = try git(["init", "-q"], in: repository)
        _ = try git(["add", "-A"], in: repository)
        #expect(try git(["write-tree"], in: repository) == details.tree.hex)
    }

    @Test("two registrations at once both succeed, one after the other")
    func concurrentRegistrations() async throws {
        var random = SeededGenerator(seed: 45)
        let test = try TestRegistry(threads: 1)
        let base = model(&random, 400)
        try await test.addBase(try test.folder("base", [base]))
        let folders = try (0..<3).map { try test.folder("f\($0)", [base.tuned(using: &random)], config: "\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for folder in folders {
                let other = try ModelRegistry(path: test.registry.path, options: .init(threads: 1))
                let registration = Registration(name: try ModelName("same"), base: try VersionReference("base"))
                group.addTask { _ = try await other.register(folder, as: registration) }
            }
            try await group.waitForAll()
        }
        #expect(try test.registry.log(of: ModelName("same")).map(\.number) == [3, 2, 1])
    }

    private func git(_ arguments: [String], in folder: String) throws -> String {
        let outcome = try ChildProcess.run("git", ["-c", "core.autocrlf=false"] + arguments, in: folder)
        #expect(outcome.status == 0, "git \(arguments): \(outcome.errors)")
        return outcome.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
