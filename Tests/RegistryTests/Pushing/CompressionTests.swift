import DeltaicCore
import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite("Compression of what was pushed")
struct CompressionTests {
    private static func card(_ lines: String...) -> String { card(lines) }

    private static func card(_ lines: [String]) -> String { "---\n" + lines.joined(separator: "\n") + "\n---\n# m\n" }

    @Test("the base is the one that the card names, by its whole name, its last part, or as another fine-tune of it")
    func namedBase() async throws {
        let test = try TestRegistry()
        let weights = SyntheticModel.pushed(seed: 10)
        for name in ["acme/one", "other/two"] {
            let base = try await PushedModel(test, name)
            // Two bases of the same weights: only a name tells which is meant.
            let seed: UInt64 = name == "acme/one" ? 11 : 12
            try await base.push(
                ["seed": "\(seed)"], large: ["model.safetensors": weights.tuned(seed: seed, by: 0.02).builder.bytes()])
            try await base.compress()
            #expect(try base.version().isBase, "\(name)")
        }
        let cases = [
            ("base_model: acme/one", "acme/one@v1"), ("base_model:\n- other/two", "other/two@v1"),
            ("base_model: somewhere/TWO", "other/two@v1"), ("base_model: [acme/One]", "acme/one@v1"),
        ]
        for (position, (line, base)) in cases.enumerated() {
            let model = try await PushedModel(test, "tunes/t\(position)")
            try await model.push(
                ["README.md": Self.card(line, "pipeline_tag: ranking")],
                large: ["model.safetensors": weights.tuned(seed: UInt64(20 + position)).builder.bytes()])
            try await model.compress()
            #expect(try model.version().base == base, "\(line)")
            #expect(try model.version().task == "ranking")
            #expect(try await model.holdsItsFiles())
        }
        let indirect = try await PushedModel(test, "tunes/indirect")
        try await indirect.push(
            ["README.md": Self.card("base_model: tunes/t1")],
            large: ["model.safetensors": weights.tuned(seed: 30).builder.bytes()])
        try await indirect.compress()
        #expect(try indirect.version().base == "other/two@v1")
    }

    @Test("without a name a rule decides, then the closest base of the same architecture; a stranger becomes a base")
    func foundBase() async throws {
        let test = try TestRegistry()
        let near = SyntheticModel.pushed(seed: 40)
        let far = SyntheticModel.pushed(seed: 41)
        for (name, weights) in [("near", near), ("far", far)] {
            let base = try await PushedModel(test, name)
            try await base.push(large: ["model.safetensors": weights.builder.bytes()])
            try await base.compress()
            #expect(try base.version().isBase, "\(name)")
        }
        let found = try await PushedModel(test, "acme/found")
        try await found.push(large: ["model.safetensors": near.tuned(seed: 42).builder.bytes()])
        try await found.compress()
        #expect(try found.version().base == "near@v1")
        let ruled = try await PushedModel(test, "ruled/m")
        try await ruled.push(large: ["model.safetensors": near.tuned(seed: 43).builder.bytes()])
        try await ruled.compress(BaseRules([try .init("task:x=near"), try .init("ruled/=far")]))
        #expect(try ruled.version().base == "far@v1")
        for text in ["", "x", "x=", "x/", "/=far", "task:=far", "a b/=far"] {
            #expect(throws: DeltaicError.self, "\(text)") { try BaseRules.Rule(text) }
        }
        let missing = try await PushedModel(test, "ruled/n")
        try await missing.push(large: ["model.safetensors": near.tuned(seed: 44).builder.bytes()])
        await #expect(throws: DeltaicError.self) {
            try await missing.compress(BaseRules([try .init("ruled/=none")]))
        }
        let noted = try test.registry.pendingVersions()
        #expect(noted.map(\.attempts) == [1] && noted[0].problem?.contains("none") == true)
        #expect(try await missing.holdsItsFiles())
        try await missing.compress()
        #expect(try await missing.holdsItsFiles())
    }

    @Test("a model that is filled in many commits, on branches too, costs its deltas only")
    func manyCommits() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/run")
        var weights = SyntheticModel.pushed(seed: 50)
        let size = weights.builder.bytes().count
        try await model.push(large: ["model.safetensors": weights.builder.bytes()])
        try await model.compress()
        let full = try model.version().storedBytes
        for step in 1...4 {
            // Only one of the tensors goes on changing.
            weights.tensors[0].values = weights.tensors[0].values.map { $0 * 1.0001 }
            try await model.push(["step": "\(step)"], large: ["model.safetensors": weights.builder.bytes()])
        }
        try await test.registry.createBranch("b", at: VersionReference("acme/run"))
        try await model.push(["card": "x"], branch: "b")
        try await model.compress()
        let all = try test.packs().values.reduce(0, +)
        #expect(all < full + size, "five versions take \(all) bytes, one \(full), \(size) raw")
        #expect(try await model.holdsItsFiles())
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
        // The weights of a later commit that did not change them take nothing.
        try await model.push(["README.md": "later"])
        #expect(try test.registry.pendingVersions().isEmpty)
        #expect(try model.version().storedBytes < 20_000)
    }

    @Test("a commit that keeps the weights keeps their base, and the codec that made them")
    func keptWeights() async throws {
        let test = try TestRegistry()
        let weights = SyntheticModel.pushed(seed: 55)
        let base = try await PushedModel(test, "base")
        try await base.push(large: ["model.safetensors": weights.builder.bytes()])
        try await base.compress()
        let model = try await PushedModel(test, "acme/m")
        try await model.push(large: ["model.safetensors": weights.tuned(seed: 56).builder.bytes()])
        try await model.compress()
        #expect(try await model.push(["README.md": "later"]).base == "base@v1")
        let text = Array(String(repeating: "words ", count: 50_000).utf8)
        try await model.push(large: ["vocabulary.bin": text])
        try await model.compress()
        #expect(try model.version().base == "base@v1" && model.version().number == 3)
        #expect(try await model.holdsItsFiles())
        await #expect(throws: DeltaicError.self) { try await test.registry.compress(VersionReference("acme/m@v2")) }

        var registration = Registration(name: try ModelName("acme/lossy"), base: try VersionReference("base"))
        registration.lossy = LossyRequest(
            recipe: try Recipe(codec: "seeded-sign", settings: [:], embeddings: .exact, head: .exact))
        let folder = try weights.tuned(seed: 57).write("lossy", in: test.directory)
        let first = try await test.registry.register(folder, as: registration).version
        let place = try test.registry.spoolFolder()
        try Data("x".utf8).write(to: URL(filePath: place.path + "/x"))
        let second = try await test.registry.commit(
            Push(
                model: ModelName("acme/lossy"), branch: nil, expectedParent: nil, message: "x",
                operations: [.add(path: "x", content: SpooledContent(path: place.path + "/x", size: 1))])
        ).version
        #expect(second.lossyCodec == first.lossyCodec && second.base == "base@v1")
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test("uploads that are no safetensors, or only named so, are kept and compressed")
    func otherFiles() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/m")
        let text = Array(String(repeating: "the same words again and again\n", count: 100_000).utf8)
        var random = SeededGenerator(seed: 60)
        let noise = (0..<3_000_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try await model.push(
            ["config.json": "{}"],
            large: ["vocabulary.bin": text, "fake.safetensors": noise, "cut.safetensors": Array(noise.prefix(5))])
        try await model.compress()
        #expect(try await model.holdsItsFiles())
        #expect(try model.version().storedBytes < noise.count + text.count / 10)
        #expect(try test.packs().count == 1)
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty)
    }

    @Test(
        "a version that is removed or replaced while it is compressed, or a compression that is cancelled, leaves no trace"
    )
    func interrupted() async throws {
        let test = try TestRegistry()
        let model = try await PushedModel(test, "acme/m")
        try await model.push(large: ["model.safetensors": SyntheticModel.pushed(seed: 70).builder.bytes()])
        let registry = test.registry
        let task = Task { try await registry.compress(VersionReference("acme/m")) }
        task.cancel()
        _ = await task.result
        #expect(try await model.holdsItsFiles())
        try await model.compress()
        #expect(try await model.holdsItsFiles())
        #expect(try test.packs().count == 1)
        _ = try await registry.remove(model.name)
        _ = try await registry.collectGarbage(GarbageCollection(grace: 0))
        #expect(try test.packs().isEmpty)
        #expect(FolderContents.files(in: registry.path + "/uploads").filter { $0.hasSuffix(".pack") }.isEmpty)
    }

    @Test(
        "any sequence of pushes, compressions, tags, branches and removals gives every version back", arguments: 1...4)
    func anySequence(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let test = try TestRegistry()
        let root = SyntheticModel(seed: seed, rows: 600, width: 32, layers: 1)
        var models: [PushedModel] = []
        for name in ["a/one", "a/two", "b/three"] { models.append(try await PushedModel(test, name)) }
        var expected: [String: [String: [UInt8]]] = [:]
        for step in 0..<24 {
            let model = models[Int(random.next() % 3)]
            switch random.next() % 8 {
            case 0...3:
                let tuned = root.tuned(seed: random.next() % 5)
                let version = try await model.push(
                    ["step": "\(step)"],
                    large: random.next() % 3 == 0 ? [:] : ["model.safetensors": tuned.builder.bytes()])
                expected[version.reference] = model.files
            case 4: try await model.push(["note \(step)": "x"], deleting: model.files["step"] == nil ? [] : ["step"])
            case 5: try await model.compress()
            case 6:
                if let first = try test.registry.pendingVersions().randomElement(using: &random) {
                    _ = try await test.registry.compress(try VersionReference(first.version))
                }
            default:
                let versions = try test.registry.log(of: model.name)
                guard versions.count > 1, let last = versions.last else { continue }
                do {
                    _ = try await test.registry.remove(try VersionReference(last.reference))
                    expected[last.reference] = nil
                } catch let error as DeltaicError where error.code.word == "versionInUse" {
                    continue
                }
            }
            let onDisk = try test.packs().values.reduce(0, +)
            #expect(try test.registry.savings().storedBytes == onDisk, "seed \(seed), step \(step)")
        }
        try await models[0].compress()
        for model in models {
            for (reference, files) in expected where reference.hasPrefix("\(model.name)@") {
                let selector = String(reference.dropFirst("\(model.name)".count))
                #expect(try await model.holds(files, at: selector), "seed \(seed), \(reference)")
            }
        }
        #expect(try await test.registry.check(isQuick: false).problems.isEmpty, "seed \(seed)")
        #expect(try test.registry.savings().storedBytes == test.packs().values.reduce(0, +), "seed \(seed)")
    }
}
