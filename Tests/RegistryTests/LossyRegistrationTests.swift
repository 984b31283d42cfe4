import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

/// A base with layers, an embedding, a norm and biases, and a fine-tune of it.
private struct LossyPair {
    let base: [TestTensor]
    private(set) var tuned: [TestTensor]

    init(_ type: ElementType = .bfloat16, rows: Int = 96, width: Int = 64, seed: UInt64 = 1) {
        var random = SeededGenerator(seed: seed)
        base = [
            TestTensor("embeddings.word_embeddings.weight", type, [rows, width], using: &random),
            TestTensor("encoder.layer.0.attention.query.weight", type, [width, width], using: &random),
            TestTensor("encoder.layer.0.attention.query.bias", type, [width], using: &random),
            TestTensor("encoder.layer.0.output.dense.weight", type, [width, 4 * width], using: &random),
            TestTensor("encoder.layer.0.output.LayerNorm.weight", type, [width], using: &random),
            TestTensor("classifier.weight", type, [3, width], using: &random),
        ]
        var other = SeededGenerator(seed: seed + 100)
        tuned = base.map { $0.tuned(by: 1e-3, using: &other) }
    }

    /// A tensor that training left as it was.
    mutating func freeze(_ name: String) {
        for index in tuned.indices where tuned[index].name == name { tuned[index] = base[index] }
    }
}

extension TestRegistry {
    fileprivate func pair(_ pair: LossyPair = LossyPair()) async throws -> String {
        try await addBase(try folder("base", pair.base))
        return try folder("tuned", pair.tuned)
    }

    fileprivate func lossy(
        _ path: String, _ name: String = "model", codec: String = "seeded-sign", settings: CodecSettings = [:],
        embeddings: Recipe.Choice = .exact, goal: LossyRequest.Goal = .settings, seed: UInt64 = 0
    ) async throws -> RegistrationResult {
        let recipe = try Recipe(codec: codec, settings: settings, embeddings: embeddings, head: .exact)
        return try await registry.register(
            path, as: request(name, LossyRequest(recipe: recipe, goal: goal, seed: seed)))
    }

    fileprivate func request(_ name: String, _ lossy: LossyRequest?) throws -> Registration {
        Registration(name: try ModelName(name), base: try VersionReference("base"), lossy: lossy)
    }

    fileprivate func pulled(_ reference: String) async throws -> [String: Data] {
        let output = directory.path("pulled-\(UUID().uuidString)")
        _ = try await registry.pull(VersionReference(reference), to: output)
        return try contents(of: output)
    }
}

@Suite("lossy registration") struct LossyRegistrationTests {
    @Test("every codec's version is pulled with the hash that was known at registration", arguments: Recipe.lossyCodecs)
    func everyCodec(_ codec: String) async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        let result = try await test.lossy(path, codec: codec)
        let details = try test.registry.describe(VersionReference("model"))
        let files = try await test.pulled("model")
        for file in details.files {
            #expect(try Digest.sha256([UInt8](try #require(files[file.path]))) == file.sha256)
        }
        #expect(result.lossy?.tensors.count == 2)
        let check = try await test.registry.check(isQuick: false)
        #expect(check.problems.isEmpty)
        let original = try test.contents(of: path)
        #expect(
            files["model.safetensors"] != original["model.safetensors"]
                && files["config.json"] == original["config.json"])
    }

    @Test("threads and chunk order change no byte", arguments: ["seeded-sign", "ultradelta", "low-rank"])
    func threads(_ codec: String) async throws {
        // Over 2^20 elements: several chunks, rows that straddle them.
        let pair = LossyPair(rows: 40, width: 600)
        var trees: Set<GitObjectID> = []
        for threads in [1, 2, 7] {
            let test = try TestRegistry(threads: threads)
            let result = try await test.lossy(try await test.pair(pair), codec: codec)
            trees.insert(try test.registry.describe(VersionReference("model")).tree)
            #expect(result.isNew)
            _ = try await test.pulled("model")
        }
        #expect(trees.count == 1)
    }

    @Test("a dry run says what registering stores, to the byte, and leaves nothing behind")
    func dryRun() async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        let before = try test.packs()
        let recipe = try Recipe(codec: "seeded-sign", settings: [:], embeddings: .lossy, head: .exact)
        let request = LossyRequest(recipe: recipe, goal: .bits(0.5))
        let preview = try await test.registry.preview(path, as: test.request("model", request))
        #expect(try test.packs() == before)
        let result = try await test.registry.register(path, as: test.request("model", request))
        let report = try #require(result.lossy)
        #expect(preview.report.tensors.map(\.storedBytes) == report.tensors.map(\.storedBytes))
        #expect(preview.report.tensors.map(\.quality) == report.tensors.map(\.quality))
        #expect(abs(preview.report.sizes.storedBytes - result.storedBytes) < 64)
    }

    @Test("a ratio of the whole file is met, one of the linear layers too")
    func ratios() async throws {
        let test = try TestRegistry()
        let path = try await test.pair(LossyPair(rows: 4000, width: 256))
        for ratio in [20.0, 60] {
            let whole = try await test.lossy(path, "whole-\(Int(ratio))", embeddings: .lossy, goal: .ratio(ratio))
            // What is kept exactly is stored with the first version; the second has it for nothing.
            let found = try #require(whole.lossy?.sizes.fileRatio)
            #expect(found > 0.96 * ratio && found < 1.06 * ratio, "\(found)")
        }
        let linear = try await test.lossy(path, "linear", goal: .linearRatio(100))
        let found = try #require(linear.lossy?.sizes.linearRatio)
        #expect(found > 97 && found < 103, "\(found)")
    }

    @Test("a ratio of the linear layers counts those that are kept exactly, and those that did not change")
    func linearRatioOfAll() async throws {
        let test = try TestRegistry()
        var pair = LossyPair(rows: 96, width: 512)
        let path = try await test.pair(pair)
        let rules = [
            Recipe.Rule(match: "*.query.*", codec: "exact"),
            Recipe.Rule(classes: [.linear], codec: "seeded-sign"), Recipe.Rule(codec: "exact"),
        ]
        func ratio(_ path: String, _ ratio: Double, _ recipe: Recipe) async throws -> Double {
            let result = try await test.registry.preview(
                path,
                as: try test.request("model", LossyRequest(recipe: recipe, goal: .linearRatio(ratio))))
            return try #require(result.report.sizes.linearRatio)
        }
        let mixed = try await ratio(path, 8, Recipe(rules: rules))
        #expect(mixed > 7.8 && mixed < 8.2, "\(mixed)")
        // The exact layer alone takes more than that.
        let error = try await #require(throws: DeltaicError.self) { try await ratio(path, 100, Recipe(rules: rules)) }
        #expect(error.message.contains("kept exactly") && error.description.contains("less than about"))
        // One of the two layers is as it was: the other may take twice as much.
        pair.freeze("encoder.layer.0.attention.query.weight")
        let frozen = try await ratio(
            try test.folder("frozen", pair.tuned), 100,
            try Recipe(codec: "seeded-sign", settings: [:], embeddings: .exact, head: .exact))
        #expect(frozen > 97 && frozen < 103, "\(frozen)")
    }

    @Test("small tensors are kept exactly unless a recipe wants it otherwise; what nothing is left of is named")
    func smallTensors() async throws {
        let test = try TestRegistry()
        let path = try await test.pair(LossyPair(width: 48))
        let recipe = try Recipe(codec: "seeded-sign", settings: [:], embeddings: .exact, head: .exact)
        func report(sparing: Bool) async throws -> LossyReport {
            try await test.registry.preview(
                path,
                as: try test.request(
                    "model", LossyRequest(recipe: recipe, goal: .bits(0.06), sparesSmallTensors: sparing))
            ).report
        }
        let spared = try await report(sparing: true)
        #expect(spared.tensors.map(\.name) == ["encoder.layer.0.output.dense.weight"])
        #expect(spared.keptExactly.map(\.name) == ["encoder.layer.0.attention.query.weight"])
        #expect(!spared.warnings.contains { $0.contains("nothing is left") })
        let all = try await report(sparing: false)
        #expect(all.tensors.count == 2 && all.keptExactly.isEmpty)
        #expect(all.warnings.contains { $0.contains("nothing is left") && $0.contains("query.weight") })
    }

    @Test("a ratio that exact tensors forbid is refused with what bounds it, and nothing changes")
    func unreachable() async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        let before = try test.packs()
        let error = try await #require(throws: DeltaicError.self) { try await test.lossy(path, goal: .ratio(1000)) }
        #expect(error.message.contains("kept exactly") && error.description.contains("--embeddings"))
        #expect(try test.packs() == before)
        #expect(throws: DeltaicError.self) { try test.registry.describe(VersionReference("model")) }
    }

    @Test(
        "a weight that is not finite is refused by name, and nothing changes", arguments: [0x7f80, 0x7fc0] as [UInt16])
    func notFinite(_ word: UInt16) async throws {
        let test = try TestRegistry()
        var pair = LossyPair().tuned
        pair[1].bytes.replaceSubrange(20..<22, with: [UInt8(word & 255), UInt8(word >> 8)])
        try await test.addBase(try test.folder("base", LossyPair().base))
        let path = try test.folder("bad", pair)
        let before = try test.packs()
        let error = try await #require(throws: DeltaicError.self) { try await test.lossy(path) }
        #expect(error.description.contains("attention.query.weight") && error.description.contains("element 10"))
        #expect(try test.packs() == before)
        // Every bit is kept without a codec.
        try await test.register(path, "exact")
        #expect(try await test.pulls("exact", equalTo: path))
    }

    @Test("a larger vocabulary keeps its new rows exactly")
    func resized() async throws {
        let test = try TestRegistry()
        let pair = LossyPair()
        var tuned = pair.tuned
        var random = SeededGenerator(seed: 9)
        let extra = TestTensor("extra", .bfloat16, [5, 64], using: &random).bytes
        tuned[0].shape = [101, 64]
        tuned[0].bytes += extra
        try await test.addBase(try test.folder("base", pair.base))
        let result = try await test.lossy(try test.folder("tuned", tuned), embeddings: .lossy)
        #expect(result.lossy?.tensors.count == 3)
        let range = 96 * 128..<101 * 128
        let rows = try test.registry.read(
            range, ofTensor: "embeddings.word_embeddings.weight", in: VersionReference("model"))
        #expect(rows == extra)
    }

    @Test("a tensor that the fine-tune left alone is the base's, and takes nothing")
    func untouched() async throws {
        let test = try TestRegistry()
        let pair = LossyPair()
        var tuned = pair.tuned
        tuned[3] = pair.base[3]
        try await test.addBase(try test.folder("base", pair.base))
        let result = try await test.lossy(try test.folder("tuned", tuned))
        let tensor = try #require(result.lossy?.tensors.first { $0.name == tuned[3].name })
        #expect(tensor.storedBytes == 0 && tensor.quality.errorSquares == 0)
        // A fine-tune that changed nothing meets any ratio.
        let same = try await test.lossy(test.directory.path("base"), "same", goal: .ratio(50))
        #expect(same.lossy?.tensors.allSatisfy { $0.storedBytes == 0 } == true)
    }

    @Test("recipes choose by name and class; drop gives the base's values, full stores alone")
    func recipes() async throws {
        let test = try TestRegistry()
        let pair = LossyPair()
        let path = try await test.pair(pair)
        let recipe = Recipe(rules: [
            .init(match: "*.query.weight", codec: "drop"),
            .init(classes: [.embedding], codec: "full"),
            .init(classes: [.linear], codec: "bitdelta", settings: ["rounds": .number(2)]),
        ])
        let result = try await test.registry.register(path, as: test.request("model", LossyRequest(recipe: recipe)))
        #expect(result.lossy?.tensors.map(\.codec) == ["drop", "bitdelta"])
        let reference = try VersionReference("model")
        #expect(
            try test.registry.read(0..<8192, ofTensor: pair.base[1].name, in: reference) == pair.base[1].bytes)
        #expect(
            try test.registry.read(0..<96 * 128, ofTensor: pair.tuned[0].name, in: reference) == pair.tuned[0].bytes)
        let details = try test.registry.describe(reference)
        #expect(details.tensors.first { $0.name == pair.base[0].name }?.content.codec == "solo")
        #expect(details.version.lossyCodec == "bitdelta")
    }

    @Test("recipe files are refused with the place of the mistake")
    func badRecipes() throws {
        let directory = try TemporaryDirectory()
        for (text, hint) in [
            ("{", "recipe"), ("{\"rules\": []}", "no rules"), ("{\"rules\": [{\"codec\": \"zip\"}]}", "zip"),
            ("{\"rules\": [{\"codec\": \"exact\"}, {\"codec\": \"dare\", \"settings\": {\"dropp\": 1}}]}", "rule 2"),
            ("{\"rules\": [{\"codec\": \"exact\", \"classes\": [\"linaer\"]}]}", "classes"),
            ("{\"rules\": [{\"codec\": \"drop\", \"class\": [\"linear\"]}]}", "\"class\""),
            ("{\"rule\": []}", "\"rule\""),
        ] {
            try directory.write("recipe.json", text.utf8)
            let error = #expect(throws: DeltaicError.self) { try Recipe(path: directory.path("recipe.json")) }
            #expect(error?.description.contains(hint) == true, "\(error?.description ?? "")")
        }
    }

    @Test("a damaged byte of a lossy pack fails the pull and names the tensor")
    func damage() async throws {
        let test = try TestRegistry()
        let path = try await test.pair(LossyPair(rows: 8, width: 256))
        let before = Set(try test.packs().keys)
        let result = try await test.lossy(path)
        let pack = try #require(try test.packs().keys.first { !before.contains($0) })
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: pack)))
        // Somewhere in the directions of the larger layer.
        bytes[bytes.count / 2] ^= 0x10
        try Data(bytes).write(to: URL(filePath: pack))
        #expect(result.isNew)
        await #expect(throws: DeltaicError.self) {
            _ = try await test.reopened().pull(VersionReference("model"), to: test.directory.path("out"))
        }
    }

    @Test("the same request again stores nothing, another seed is another version")
    func again() async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        #expect(try await test.lossy(path, seed: 1).isNew)
        let second = try await test.lossy(path, seed: 1)
        #expect(!second.isNew && second.storedBytes == 0)
        let third = try await test.lossy(path, seed: 2)
        #expect(third.isNew && third.version.number == 2)
    }

    @Test("an error target is met by class, and a risky one is warned of")
    func quality() async throws {
        let test = try TestRegistry()
        let path = try await test.pair(LossyPair(width: 256))
        let fine = try await test.lossy(path, "fine", goal: .relativeError(0.04))
        let error = try #require(fine.lossy?.quality(of: .linear).relativeError)
        #expect(error < 0.046 && fine.lossy?.warnings.isEmpty == true, "\(error)")
        let coarse = try await test.lossy(path, "coarse", goal: .bits(0.02))
        #expect(coarse.lossy?.warnings.isEmpty == false)
    }

    @Test("an error that no rate gives is refused with the figures, and nothing changes")
    func errorOutOfReach() async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        let before = try test.packs()
        let error = try await #require(throws: DeltaicError.self) {
            try await test.lossy(path, goal: .relativeError(1e-6))
        }
        #expect(error.message.contains("linear") && error.description.contains("1e-06"))
        #expect(try test.packs() == before)
    }

    @Test("ratios do not depend on what else is registered")
    func ratiosAreTheModelsOwn() async throws {
        let test = try TestRegistry()
        let path = try await test.pair(LossyPair(width: 256))
        let recipe = try Recipe(codec: "bitdelta", settings: [:], embeddings: .exact, head: .exact)
        let request = try test.request("model", LossyRequest(recipe: recipe))
        let before = try await test.registry.preview(path, as: request).report.sizes
        _ = try await test.registry.register(path, as: request)
        let after = try await test.registry.preview(path, as: request).report.sizes
        let (one, two) = (try #require(before.fileRatio), try #require(after.fileRatio))
        #expect(abs(two / one - 1) < 0.05, "\(one) \(two)")
        #expect(before.linearRatio == after.linearRatio)
        let shown = try test.registry.describe(VersionReference("model")).sizes
        #expect(shown.linearRatio == before.linearRatio)
    }

    @Test("what evaluations say is kept with the version")
    func evaluation() async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        _ = try await test.lossy(path)
        let reference = try VersionReference("model")
        let result = try await test.registry.evaluate(
            reference, command: "ls $1 >&2; echo step 3; echo \"acc: $(ls $DELTAIC_MODEL | wc -l).25 %\"")
        #expect(result.evaluation.score == 2.25)
        #expect(try test.registry.describe(reference).version.score == 2.25)
        await #expect(throws: DeltaicError.self) { try await test.registry.evaluate(reference, command: "exit 3") }
        await #expect(throws: DeltaicError.self) { try await test.registry.evaluate(reference, command: "echo none") }
        #expect(try test.registry.describe(reference).evaluations.count == 1)
    }

    @Test("a lossy version can be removed, and its base only after it")
    func removal() async throws {
        let test = try TestRegistry()
        let path = try await test.pair()
        _ = try await test.lossy(path, codec: "low-rank")
        await #expect(throws: DeltaicError.self) { _ = try await test.registry.remove(VersionReference("base")) }
        _ = try await test.registry.remove(VersionReference("model"))
        let check = try await test.registry.check(isQuick: false)
        #expect(check.problems.isEmpty)
    }
}
