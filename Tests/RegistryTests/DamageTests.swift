import DeltaicCore
import Foundation
import Registry
import Synchronization
import TestSupport
import Testing

@Suite("Damage is found, named, and never handed out")
struct DamageTests {
    private func damaged(_ seed: UInt64) async throws -> (test: TestRegistry, pack: String, size: Int) {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let base = TestTensor("layer.weight", .bfloat16, [500, 500], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        let before = Set(try test.packs().keys)
        try await test.register(try test.folder("tune", [base.tuned(using: &random)]), "tune")
        let pack = try #require(try test.packs().first { !before.contains($0.key) })
        return (test, pack.key, pack.value)
    }

    private func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try #require(FileManager.default.contents(atPath: path))
        body(&data)
        try data.write(to: URL(filePath: path))
    }

    @Test("a flipped bit in a payload fails the pull, names tensor and chunk, and leaves no file", arguments: 0..<6)
    func flippedPayload(trial: Int) async throws {
        let (test, pack, size) = try await damaged(51)
        // The tensor's chunk fills most of the pack.
        try change(pack) { $0[size / 10 + trial * size / 8] ^= 1 << UInt8(trial) }
        let registry = try test.reopened()
        let output = test.directory.path("out")
        let error = await #expect(throws: DeltaicError.self) {
            try await registry.pull(VersionReference("tune"), to: output)
        }
        let text = try #require(error).description
        #expect(text.contains("tensor layer.weight") && text.contains("chunk 0"), "\(text)")
        #expect(text.contains("tune@v1") && text.contains("model.safetensors"), "\(text)")
        let left = try FileManager.default.subpathsOfDirectory(atPath: output)
        #expect(!left.contains { $0.contains("model.safetensors") })
        #expect(try await registry.check(isQuick: false).problems.count == 1)
    }

    @Test("a pack that is cut off or gone is found by a quick check")
    func cutPack() async throws {
        let (test, pack, size) = try await damaged(52)
        try change(pack) { $0 = $0.prefix(size - 1) }
        #expect(try await test.reopened().check(isQuick: true).problems.count == 1)
        try FileManager.default.removeItem(atPath: pack)
        let problems = try await test.reopened().check(isQuick: true).problems
        #expect(problems.count == 1 && problems[0].contains("missing"))
    }

    @Test("a pack under another pack's name is refused")
    func swappedPack() async throws {
        let (test, pack, _) = try await damaged(53)
        let other = try #require(try test.packs().keys.first { $0 != pack })
        try FileManager.default.removeItem(atPath: pack)
        try FileManager.default.copyItem(atPath: other, toPath: pack)
        let output = test.directory.path("out")
        await #expect(throws: DeltaicError.self) {
            try await test.reopened().pull(VersionReference("tune"), to: output)
        }
    }

    @Test("a check that is cancelled reports nothing")
    func cancelledCheck() async throws {
        let (test, _, _) = try await damaged(56)
        let registry = test.registry
        let check = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await registry.check(isQuick: false)
        }
        await #expect(throws: CancellationError.self) { try await check.value }
    }

    @Test("a stray file is reported and no problem")
    func stray() async throws {
        let (test, pack, _) = try await damaged(54)
        try Data("x".utf8).write(to: URL(filePath: pack + ".part"))
        let report = try await test.registry.check(isQuick: false)
        #expect(report.problems.isEmpty && report.strays.count == 1)
    }

    @Test("a file that changes while it is registered is refused, and nothing is stored")
    func changedInput() async throws {
        var random = SeededGenerator(seed: 55)
        let meddler = Meddler()
        let test = try TestRegistry(progress: meddler)
        let folder = try test.folder("base", [TestTensor("w", .float32, [100, 100], using: &random)])
        meddler.path.withLock { $0 = folder + "/model.safetensors" }
        let error = await #expect(throws: DeltaicError.self) { try await test.addBase(folder) }
        #expect(error?.code == .init("inputChanged", .refusedInput))
        #expect(try test.packs().isEmpty)
        #expect(try test.registry.list().isEmpty)
    }

    @Test("a file that changes in place while it is hashed is refused: its SHA-256 would not be that of its tensors")
    func changedWhileHashed() async throws {
        var random = SeededGenerator(seed: 56)
        let meddler = Meddler(stage: "hashing", afterBytes: 40_000)
        // One thread hashes the file as a whole first, then piece by piece.
        let test = try TestRegistry(threads: 1, progress: meddler)
        let folder = try test.folder("base", [TestTensor("w", .float32, [100, 100], using: &random)])
        meddler.path.withLock { $0 = folder + "/model.safetensors" }
        let error = await #expect(throws: DeltaicError.self) { try await test.addBase(folder) }
        #expect(error?.code == .init("inputChanged", .refusedInput))
        #expect(try test.registry.list().isEmpty)
    }

    /// Changes the last byte of a file in place, in a stage of the work.
    private final class Meddler: ProgressReport {
        let path = Mutex("")
        private let stage: String
        private let bytesLeft: Mutex<Int>

        /// - Parameter afterBytes: how much of the stage's work is done before; 0 is when it begins.
        init(stage: String = "encoding", afterBytes: Int = 0) {
            self.stage = stage
            bytesLeft = Mutex(afterBytes)
        }

        func begin(_ stage: String, totalBytes: Int) {
            if stage == self.stage, bytesLeft.withLock({ $0 == 0 }) { change() }
        }

        func advance(_ bytes: Int) {
            let isNow = bytesLeft.withLock { left in
                guard left > 0 else { return false }
                left -= bytes
                return left <= 0
            }
            if isNow { change() }
        }

        func end() {}

        private func change() {
            guard let file = FileHandle(forUpdatingAtPath: path.withLock { $0 }) else { return }
            guard let end = try? file.seekToEnd(), (try? file.seek(toOffset: end - 1)) != nil,
                let last = try? file.read(upToCount: 1), (try? file.seek(toOffset: end - 1)) != nil
            else { return }
            try? file.write(contentsOf: last.map { $0 ^ 1 })
            try? file.close()
        }
    }
}
