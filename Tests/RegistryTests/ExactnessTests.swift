import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@Suite("What is pulled is what was registered")
struct ExactnessTests {
    @Test("random models of every dtype, with odd shapes and unusual bits, come back byte for byte", arguments: 1...8)
    func randomModels(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        var base: [TestTensor] = []
        var tune: [TestTensor] = []
        for (position, type) in ElementType.allCases.enumerated() {
            let shape = (0..<Int(random.next() % 4)).map { _ in Int(random.next() % 40) }
            var tensor = TestTensor("t\(position)", type, shape, using: &random)
            if random.next() % 3 == 0 {
                tensor.bytes = RandomTensor.unusual(type, shape.reduce(1, *), using: &random)
            }
            base.append(tensor)
            tune.append(tensor.tuned(using: &random))
        }
        let baseFolder = try test.folder("base", base)
        let tuneFolder = try test.folder("tune", tune, config: "{\"seed\": \(seed)}")
        try await test.addBase(baseFolder)
        try await test.register(tuneFolder, "tune")
        #expect(try await test.pulls("base", equalTo: baseFolder), "seed \(seed)")
        let isRight = try await test.pulls("tune", equalTo: tuneFolder)
        #expect(isRight, "seed \(seed)")
        try Evidence.record(
            family: 16, "models of every dtype, odd shapes, NaN, subnormal and negative zero bits", tried: 1,
            outcomes: [isRight ? "right" : "lost": 1])
    }

    @Test("a tensor of many chunks comes back, and its delta is small")
    func manyChunks() async throws {
        var random = SeededGenerator(seed: 11)
        let test = try TestRegistry()
        let weight = TestTensor("w", .bfloat16, [1801, 1999], using: &random)
        let baseFolder = try test.folder("base", [weight])
        let tuneFolder = try test.folder("tune", [weight.tuned(using: &random)])
        let base = try await test.addBase(baseFolder)
        let tune = try await test.register(tuneFolder, "tune")
        #expect(try await test.pulls("base", equalTo: baseFolder))
        #expect(try await test.pulls("tune", equalTo: tuneFolder))
        #expect(Double(base.storedBytes) < 0.67 * Double(base.version.rawBytes))
        #expect(Double(tune.storedBytes) < 0.26 * Double(tune.version.rawBytes))
    }

    @Test("all 65,536 BF16 words against a shuffled base come back")
    func allWords() async throws {
        var random = SeededGenerator(seed: 12)
        let test = try TestRegistry()
        let words = (0..<65_536).map { UInt16($0) }
        func tensor(_ words: [UInt16]) -> TestTensor {
            TestTensor("w", .bfloat16, [256, 256], bytes: words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })
        }
        try await test.addBase(try test.folder("base", [tensor(words.shuffled(using: &random))]))
        let tune = try test.folder("tune", [tensor(words)])
        try await test.register(tune, "tune")
        let isRight = try await test.pulls("tune", equalTo: tune)
        #expect(isRight)
        try Evidence.record(
            family: 16, "words of BF16: all, NaN payloads and infinities too", tried: words.count,
            outcomes: [isRight ? "right" : "wrong": words.count])
    }

    @Test("one thread stores and pulls the same bytes as two")
    func threads() async throws {
        var sizes: Set<Int> = []
        for threads in [1, 2] {
            var random = SeededGenerator(seed: 13)
            let test = try TestRegistry(threads: threads)
            let weight = TestTensor("w", .float32, [1200, 1111], using: &random)
            let tune = try test.folder("tune", [weight.tuned(using: &random)])
            try await test.addBase(try test.folder("base", [weight]))
            try await test.register(tune, "tune")
            #expect(try await test.pulls("tune", equalTo: tune))
            // The manifest has the time of registration, which changes what it takes by a few bytes.
            sizes.insert(try test.registry.describe(VersionReference("tune")).tensors[0].content.storedBytes)
        }
        #expect(sizes.count == 1)
    }

    @Test("a tensor pulled by name is a safetensors file with just its bytes")
    func oneTensor() async throws {
        var random = SeededGenerator(seed: 14)
        let test = try TestRegistry()
        let tensors = [
            TestTensor("a", .float32, [3, 5], using: &random), TestTensor("b", .float16, [7], using: &random),
        ]
        try await test.addBase(try test.folder("base", tensors))
        let output = test.directory.path("out")
        let result = try await test.registry.pull(
            VersionReference("base"), to: output, selection: .init(tensors: ["b"]))
        let data = try #require(FileManager.default.contents(atPath: output + "/tensors.safetensors"))
        #expect(result.files.map(\.path) == ["tensors.safetensors"])
        #expect(Array(data.suffix(14)) == tensors[1].bytes)
        #expect(result.files[0].sha256 == (try Digest.sha256(Array(data))))
    }

    @Test(
        "the real fine-tune comes back byte for byte in under a third of its size",
        .enabled(if: ProcessInfo.processInfo.environment["DELTAIC_MODELS"] != nil), arguments: ["", "-bf16"])
    func realPair(suffix: String) async throws {
        let models = try #require(ProcessInfo.processInfo.environment["DELTAIC_MODELS"])
        let test = try TestRegistry()
        try await test.addBase("\(models)/all-MiniLM-L6-v2\(suffix)")
        let tune = try await test.register("\(models)/sre-embedding-model\(suffix)", "acme/sre")
        #expect(try await test.pulls("acme/sre", equalTo: "\(models)/sre-embedding-model\(suffix)"))
        #expect(3 * tune.storedBytes < tune.version.rawBytes)
    }
}
