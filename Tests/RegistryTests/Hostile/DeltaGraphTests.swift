import DeltaCodecs
import DeltaicCore
import Foundation
import PackFormat
import Registry
import TestSupport
import Testing

/// Objects that are said to be deltas of what they are not (family 13 of faults).
@Suite("Abuse of the graph of deltas") struct DeltaGraphTests {
    private struct Fixture {
        let test: TestRegistry
        let tensors: [TestTensor]
        let digests: [Digest]
        var pack: Digest

        /// A base of tensors that are stored on their own.
        init(count: Int, seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            test = try TestRegistry()
            tensors = (0..<count).map { TestTensor("t\($0)", .float32, [16], using: &random) }
            digests = try tensors.map { try Digest.sha256($0.bytes) }
            try await test.addBase(try test.folder("base", tensors))
            pack = try #require(test.packIDs().first)
        }

        /// Makes each tensor of `bases` an exact delta of another one, as an encoder would that knows no rules.
        mutating func setBases(_ bases: [Int: Int]) throws {
            let (tensors, digests) = (tensors, digests)
            let ordinals = Dictionary(uniqueKeysWithValues: digests.enumerated().map { ($0.element, $0.offset) })
            pack = try test.rewritePack(pack) { objects in
                for index in objects.indices {
                    guard let tensor = ordinals[objects[index].description.digest], let base = bases[tensor] else {
                        continue
                    }
                    let input = ChunkInput(
                        raw: tensors[tensor].bytes, shape: ChunkShape(type: .float32, elementCount: 16),
                        base: tensors[base].bytes)
                    objects[index].setBase(digests[base])
                    objects[index].chunks[0].codec = CodecID.exact.number
                    objects[index].chunks[0].streams = try ExactDeltaCodec().encode(input, coder: ZstdStream())
                }
            }
        }

        /// Whether a tensor is refused; a tensor that comes has to be the right one.
        func isRefused(_ tensor: Int) throws -> Bool {
            let registry = try test.reopened()
            do {
                let bytes = try registry.read(0..<64, ofTensor: "t\(tensor)", in: VersionReference("base"))
                #expect(bytes == tensors[tensor].bytes)
                return false
            } catch is DeltaicError {
                return true
            }
        }

        func problems() async throws -> Int { try await test.reopened().check(isQuick: false).problems.count }
    }

    @Test("a chain of deltas is read up to the limit of its depth, and refused beyond")
    func chain() async throws {
        var fixture = try await Fixture(count: 14, seed: 1_301)
        try fixture.setBases(Dictionary(uniqueKeysWithValues: (1..<14).map { ($0, $0 - 1) }))
        let refused = try (0..<14).filter { try fixture.isRefused($0) }
        #expect(refused == Array(9..<14))
        #expect(try await fixture.problems() > 0)
        try Evidence.record(
            family: 13, "a chain of 13 deltas", tried: 14,
            outcomes: ["refused": refused.count, "harmless": 14 - refused.count], note: "at most 8 are decoded")
    }

    @Test("a circle of deltas is refused wherever it is entered, and found by a check", arguments: [2, 3, 1000])
    func circle(length: Int) async throws {
        var fixture = try await Fixture(count: length, seed: 1_302)
        try fixture.setBases(Dictionary(uniqueKeysWithValues: (0..<length).map { ($0, ($0 + 1) % length) }))
        let entries = Set([0, 1, length / 2, length - 1])
        for entry in entries { #expect(try fixture.isRefused(entry)) }
        #expect(try await fixture.problems() > 0)
        let output = fixture.test.directory.path("out")
        await #expect(throws: DeltaicError.self) {
            try await fixture.test.reopened().pull(VersionReference("base"), to: output)
        }
        #expect(!FileManager.default.fileExists(atPath: output + "/model.safetensors"))
        try Evidence.record(
            family: 13, "a circle of \(length) deltas", tried: entries.count + 1,
            outcomes: ["refused": entries.count + 1])
    }

    /// What a delta may be said to be a delta of.
    enum WrongBase: String, CaseIterable, Sendable {
        case itself, another, absent, shorter, otherType, none
    }

    @Test("a delta with the wrong base is refused, and found by a check", arguments: WrongBase.allCases)
    func wrongBase(kind: WrongBase) async throws {
        var random = SeededGenerator(seed: 1_303)
        let test = try TestRegistry()
        let base = TestTensor("w", .bfloat16, [300], using: &random)
        let others = [
            TestTensor("another", .bfloat16, [300], using: &random),
            TestTensor("shorter", .bfloat16, [7], using: &random),
            TestTensor("otherType", .float32, [300], using: &random),
        ]
        try await test.addBase(try test.folder("base", [base] + others))
        let before = test.packIDs()
        try await test.register(try test.folder("tuned", [base.tuned(using: &random)], config: "1"), "model")
        let pack = try #require(test.packIDs().subtracting(before).first)
        try test.rewritePack(pack) { objects in
            let index = try #require(objects.firstIndex { $0.description.base != nil })
            let wrong: Digest? =
                switch kind {
                case .itself: objects[index].description.digest
                case .absent: try Digest.sha256([1, 2, 3])
                case .none: nil
                default: try Digest.sha256(try #require(others.first { $0.name == kind.rawValue }).bytes)
                }
            objects[index].setBase(wrong)
        }
        let registry = try test.reopened()
        let output = test.directory.path("out")
        await #expect(throws: DeltaicError.self) { try await registry.pull(VersionReference("model"), to: output) }
        #expect(!FileManager.default.fileExists(atPath: output + "/model.safetensors"))
        #expect(throws: DeltaicError.self) {
            try registry.read(0..<600, ofTensor: "w", in: VersionReference("model"))
        }
        #expect(try await !registry.check(isQuick: false).problems.isEmpty)
        // What has nothing to do with it stays readable.
        #expect(try await test.pulls("base", equalTo: test.directory.path("base")))
        try Evidence.record(
            family: 13, "a delta of the wrong base: \(kind.rawValue)", tried: 3, outcomes: ["refused": 3])
    }

    @Test(
        "edges of the catalog that are missing or too many change no byte",
        arguments: [
            "DELETE FROM object_dependencies",
            "INSERT OR IGNORE INTO object_dependencies SELECT a.id, 7, b.id, 0 FROM objects a, objects b",
            "UPDATE objects SET depth = 0", "UPDATE objects SET depth = 1000",
        ])
    func edges(sql: String) async throws {
        var random = SeededGenerator(seed: 1_304)
        let test = try TestRegistry()
        let base = TestTensor("w", .bfloat16, [300], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        let folder = try test.folder("tuned", [base.tuned(using: &random)], config: "1")
        try await test.register(folder, "model")
        try test.damageCatalog(sql)
        let output = test.directory.path("out")
        var outcome = "refused"
        if (try? await test.reopened().pull(VersionReference("model"), to: output)) != nil {
            outcome = try test.contents(of: output) == test.contents(of: folder) ? "harmless" : "lost"
        }
        #expect(outcome != "lost")
        let isFound = ((try? await test.reopened().check(isQuick: true).problems) ?? ["refused"]).isEmpty == false
        #expect(isFound)
        try Evidence.record(
            family: 13, "edges of the catalog changed", tried: 1, outcomes: [outcome: 1],
            note: "all found by a check")
    }
}
