import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@Suite("Nothing is stored twice")
struct DeduplicationTests {
    /// Elements of a full chunk of BF16.
    private let chunk = 1 << 20

    @Test("a copy of a base takes its manifest only")
    func identicalModel() async throws {
        var random = SeededGenerator(seed: 21)
        let test = try TestRegistry()
        let folder = try test.folder("base", [TestTensor("w", .float32, [300, 400], using: &random)])
        try await test.addBase(folder)
        let copy = try await test.register(folder, "copy")
        #expect(copy.newObjects == 0)
        #expect(copy.storedBytes < 2000)
        #expect(try await test.pulls("copy", equalTo: folder))
    }

    @Test("a tensor that exists under another name in another model is shared")
    func identicalTensor() async throws {
        var random = SeededGenerator(seed: 22)
        let test = try TestRegistry()
        let weight = TestTensor("first", .bfloat16, [500, 500], using: &random)
        try await test.addBase(try test.folder("base", [weight]))
        var renamed = weight
        renamed.name = "second"
        let other = TestTensor("third", .bfloat16, [10], using: &random)
        let folder = try test.folder("tune", [other, renamed], config: "{\"a\": 1}")
        let result = try await test.register(folder, "tune", base: nil)
        #expect(result.storedBytes < 3000)
        #expect(try await test.pulls("tune", equalTo: folder))
    }

    @Test("a block that another fine-tune has is referred to, and stays when that one is removed")
    func identicalBlock() async throws {
        var random = SeededGenerator(seed: 23)
        let test = try TestRegistry()
        let base = TestTensor("w", .bfloat16, [3 * chunk], using: &random)
        let one = base.tuned(by: 0.01, using: &random)
        var two = base.tuned(by: 0.01, using: &random)
        two.bytes.replaceSubrange(2 * chunk..<4 * chunk, with: one.bytes[2 * chunk..<4 * chunk])
        try await test.addBase(try test.folder("base", [base]))
        let first = try await test.register(try test.folder("one", [one], config: "1"), "one")
        let folder = try test.folder("two", [two], config: "2")
        let second = try await test.register(folder, "two")
        // One block in three costs nothing.
        #expect(Double(second.storedBytes) < 0.72 * Double(first.storedBytes))
        let removal = try await test.registry.remove(ModelName("one"))
        #expect(removal.garbageBytes == 0)
        #expect(removal.retainedBytes == first.storedBytes)
        #expect(try await test.pulls("two", equalTo: folder))
        _ = try await test.registry.remove(ModelName("two"))
        _ = try await test.registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(try test.packs().count == 1)
    }

    @Test("blocks that repeat within a tensor are stored once")
    func repeatedBlock() async throws {
        var random = SeededGenerator(seed: 24)
        let test = try TestRegistry()
        let block = RandomTensor.weights(.bfloat16, chunk, using: &random)
        let weight = TestTensor("w", .bfloat16, [3 * chunk], bytes: block + block + block)
        let folder = try test.folder("base", [weight])
        let result = try await test.addBase(folder)
        #expect(Double(result.storedBytes) < 0.68 * Double(block.count))
        #expect(try await test.pulls("base", equalTo: folder))
    }

    @Test("registering the same files again stores nothing and says so")
    func identicalVersion() async throws {
        var random = SeededGenerator(seed: 25)
        let test = try TestRegistry()
        let folder = try test.folder("base", [TestTensor("w", .float32, [10], using: &random)])
        let first = try await test.addBase(folder)
        let packs = try test.packs()
        let again = try await test.addBase(folder)
        #expect(first.isNew && !again.isNew)
        #expect(again.version.reference == "base@v1")
        #expect(try test.packs() == packs)
    }

    @Test("what was asked of a version that exists otherwise is said, and the tag is set")
    func identicalVersionOtherwise() async throws {
        var random = SeededGenerator(seed: 27)
        let test = try TestRegistry()
        let folder = try test.folder("base", [TestTensor("w", .float32, [10], using: &random)])
        try await test.addBase(folder)
        try await test.register(folder, "m")
        let registration = Registration(
            name: try ModelName("m"), base: try VersionReference("base"), task: "math", tags: ["prod"], message: "again"
        )
        let again = try await test.registry.register(folder, as: registration)
        #expect(!again.isNew && again.notApplied == ["task", "message"])
        #expect(again.version.task == nil && again.version.tags == ["prod"])
        try await test.addBase(try test.folder("second", [TestTensor("w", .float32, [10], using: &random)]))
        for (base, notApplied) in [("base", []), ("base@v1", []), ("base@v2", ["base"])] {
            #expect(try await test.register(folder, "m", base: base).notApplied == notApplied, "\(base)")
        }
    }

    @Test("what a killed writer left behind goes with the next registration")
    func leftovers() async throws {
        var random = SeededGenerator(seed: 28)
        let test = try TestRegistry()
        let leftover = test.registry.path + "/packs/.deltaic-123-456.part"
        #expect(FileManager.default.createFile(atPath: leftover, contents: Data(count: 100)))
        try await test.addBase(try test.folder("base", [TestTensor("w", .float32, [10], using: &random)]))
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(try test.packs().count == 1)
    }

    @Test("equal bytes under another dtype are shared and still come back", arguments: [1, 2])
    func otherElementType(order: Int) async throws {
        var random = SeededGenerator(seed: 26)
        let test = try TestRegistry()
        let bytes = RandomTensor.weights(.bfloat16, 3 * chunk, using: &random)
        let narrow = TestTensor("w", .bfloat16, [3 * chunk], bytes: bytes)
        let wide = TestTensor("w", .float32, [3 * chunk / 2], bytes: bytes)
        let models = order == 1 ? [narrow, wide] : [wide, narrow]
        try await test.addBase(try test.folder("base", [models[0]]))
        let same = try test.folder("same", [models[1]], config: "same")
        try await test.addBase(same, "other")
        let tune = try test.folder("tune", [models[1].tuned(using: &random)], config: "tune")
        try await test.register(tune, "tune", base: "other")
        #expect(try await test.pulls("other", equalTo: same))
        #expect(try await test.pulls("tune", equalTo: tune))
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }
}
