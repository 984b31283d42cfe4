import DeltaicCore
import Foundation
import Registry
import TestSupport
import Testing

@testable import Catalog

/// What people look at: how versions differ, where models come from, what could be saved.
@Suite("Looking at models")
struct ProfileTests {
    /// A base, and a fine-tune of which one tensor did not change and one has more rows.
    private func pair(_ test: TestRegistry) async throws -> (base: [TestTensor], tuned: [TestTensor]) {
        var random = SeededGenerator(seed: 5)
        let base = [
            TestTensor("embeddings.weight", .float32, [30, 16], using: &random),
            TestTensor("layer.0.dense.weight", .float32, [16, 16], using: &random),
            TestTensor("layer.1.dense.weight", .float32, [16, 16], using: &random),
        ]
        var tuned = base
        tuned[1] = base[1].tuned(by: 1e-3, using: &random)
        tuned[0].shape = [32, 16]
        tuned[0].bytes += RandomTensor.weights(.float32, 32, using: &random)
        try await test.addBase(try test.folder("base", base))
        try await test.register(try test.folder("tuned", tuned), "tuned")
        return (base, tuned)
    }

    @Test("a profile says how each tensor differs from the base's, and is measured once")
    func profile() async throws {
        let test = try TestRegistry()
        let (base, tuned) = try await pair(test)
        let reference = try VersionReference("tuned")
        #expect(try test.registry.knownProfile(of: reference) == nil)
        let measured = try await test.registry.profile(of: reference)
        let profile = try #require(measured)
        #expect(profile.base == "base@v1" && profile.tensors.map(\.name) == tuned.map(\.name))
        #expect(profile.tensors.map(\.kind) == [.changed, .changed, .same])
        #expect(profile.tensors.map(\.compared) == [480, 256, 256])
        #expect(profile.tensors[0].changed == 0 && profile.tensors[0].relativeChange == 0)
        // One by one.
        func floats(_ tensor: TestTensor) -> [Double] {
            stride(from: 0, to: tensor.bytes.count, by: 4).map { start in
                Double(
                    Float(
                        bitPattern: tensor.bytes[start..<start + 4].reversed().reduce(UInt32(0)) {
                            $0 << 8 | UInt32($1)
                        }))
            }
        }
        let (old, new) = (floats(base[1]), floats(tuned[1]))
        let changes = zip(old, new).map { $1 - $0 }
        #expect(profile.tensors[1].changed == changes.count { $0 != 0 })
        let squares = changes.reduce(0) { $0 + $1 * $1 }
        let values = old.reduce(0) { $0 + $1 * $1 }
        #expect(abs((profile.tensors[1].squaredChange ?? 0) / squares - 1) < 1e-12)
        #expect(abs((profile.tensors[1].relativeChange ?? 0) / (squares / values).squareRoot() - 1) < 1e-12)
        #expect(profile.histograms.map(\.tensorClass) == [.linear, .embedding])
        #expect(profile.histograms[0].unchanged == 256 + changes.count { $0 == 0 })
        #expect(profile.histograms[0].bins.reduce(0) { $0 + $1.count } == changes.count { $0 != 0 })
        #expect(profile.histograms[1].unchanged == 480 && profile.histograms[1].bins.isEmpty)

        let known = try test.reopened().knownProfile(of: reference)
        #expect(known?.histograms == profile.histograms && known?.base == "base@v1")
        // What is kept is taken: the packs are not read again.
        for path in try test.packs().keys { try FileManager.default.removeItem(atPath: path) }
        #expect(try await test.reopened().profile(of: reference)?.histograms == profile.histograms)
        #expect(try await test.registry.profile(of: VersionReference("base")) == nil)
    }

    @Test(
        "a registry that is open for reading only is measured all the same; what cannot be read of the catalog, again")
    func notKept() async throws {
        let test = try TestRegistry()
        _ = try await pair(test)
        let reference = try VersionReference("tuned")
        let reading = try ModelRegistry(path: test.registry.path, options: .init(isReadOnly: true))
        let measured = try await reading.profile(of: reference)
        #expect(measured != nil)
        #expect(try reading.knownProfile(of: reference) == nil)
        _ = try await test.registry.profile(of: reference)
        try test.damageCatalog("UPDATE delta_profiles SET profile = '{}'")
        #expect(try test.registry.knownProfile(of: reference) == nil)
        #expect(try await test.registry.profile(of: reference)?.histograms == measured?.histograms)
        #expect(try test.registry.knownProfile(of: reference) != nil)
    }

    @Test("a comparison tells what both have: raw, stored, and stored for one only")
    func shared() async throws {
        let test = try TestRegistry()
        _ = try await pair(test)
        let comparison = try await test.registry.compare(VersionReference("base"), VersionReference("tuned"))
        let (base, tuned) = (
            try test.registry.describe(VersionReference("base")), try test.registry.describe(VersionReference("tuned"))
        )
        let contents = { (details: VersionDetails) in
            Dictionary(
                (details.files.map(\.content) + details.tensors.map(\.content)).map { ($0.sha256, $0.storedBytes) }
            ) { first, _ in first }
        }
        let (left, right) = (contents(base), contents(tuned))
        let both = Set(left.keys).intersection(right.keys)
        #expect(comparison.shared.storedBytes == both.reduce(0) { $0 + (left[$1] ?? 0) } && !both.isEmpty)
        #expect(comparison.shared.onlyLeftStoredBytes == left.filter { !both.contains($0.key) }.values.reduce(0, +))
        #expect(comparison.shared.onlyRightStoredBytes == right.filter { !both.contains($0.key) }.values.reduce(0, +))
        // The configuration and the tensor that did not change.
        #expect(comparison.shared.rawBytes == 2 + 1024)
        let same = try await test.registry.compare(VersionReference("tuned"), VersionReference("tuned"))
        #expect(same.shared.onlyLeftStoredBytes == 0 && same.histograms.allSatisfy { $0.bins.isEmpty })
    }

    @Test("lineage has the base and the siblings, of a base what is built on it, and keeps to a namespace")
    func lineage() async throws {
        let test = try TestRegistry()
        let base = SyntheticModel(seed: 1)
        try await test.addBase(try base.write("base", in: test.directory))
        for (index, name) in ["org/a", "org/b", "other/c"].enumerated() {
            try await test.register(
                try base.tuned(seed: UInt64(index + 2)).write("m\(index)", in: test.directory), name)
        }
        func names(_ model: String, _ namespace: String? = nil, limit: Int = 10) throws -> [String] {
            let lineage = try test.registry.lineage(of: ModelName(model), namespace: namespace, limit: limit)
            return [lineage.base?.reference ?? "-", "\(lineage.relativeCount)"]
                + lineage.relatives.map(\.latest.model).sorted()
        }
        #expect(try names("org/a") == ["base@v1", "2", "org/b", "other/c"])
        #expect(try names("org/a", "org") == ["-", "1", "org/b"])
        #expect(try names("base") == ["-", "3", "org/a", "org/b", "other/c"])
        #expect(try names("base", limit: 1).count == 3)
        #expect(throws: DeltaicError.self) { try names("none") }
    }

    @Test("the history of quality has every evaluation, and what each lossy version costs over all its tensors")
    func quality() async throws {
        let test = try TestRegistry()
        let base = SyntheticModel(seed: 1)
        try await test.addBase(try base.write("base", in: test.directory))
        let folder = try base.tuned(seed: 2).write("tuned", in: test.directory)
        try await test.register(folder, "m")
        for codec in ["bitdelta", "dare"] {
            let recipe = try Recipe(codec: codec, settings: [:], embeddings: .exact, head: .exact)
            var registration = Registration(name: try ModelName("m"), base: try VersionReference("base"))
            registration.lossy = LossyRequest(recipe: recipe)
            _ = try await test.registry.register(folder, as: registration)
        }
        for (version, score) in [("m@v1", 0.5), ("m@v2", 0.25), ("m@v1", 0.75)] {
            _ = try await test.registry.evaluate(VersionReference(version), command: "echo \(score)")
        }
        let history = try test.registry.qualityHistory(of: ModelName("m"))
        #expect(
            history.scores.map(\.number) == [1, 2, 1] && history.scores.map(\.evaluation.score) == [0.5, 0.25, 0.75])
        #expect(history.losses.map(\.number) == [2, 3] && history.losses.map(\.codec) == ["bitdelta", "dare"])
        for loss in history.losses {
            var sum = DeltaQuality()
            for tensor in try test.registry.describe(VersionReference("m@v\(loss.number)")).tensors {
                if let quality = tensor.quality { sum.add(quality) }
            }
            #expect(abs((loss.quality.relativeError ?? 0) / (sum.relativeError ?? 1) - 1) < 1e-9)
            #expect(loss.quality.count == sum.count)
        }
    }

    @Test("texts of small files are read and checked; what is no text, too long or not there is none")
    func text() async throws {
        let test = try TestRegistry()
        let folder = try SyntheticModel(seed: 1).write("base", in: test.directory)
        try test.directory.write("base/README.md", "# Ünicode\n".utf8)
        try test.directory.write("base/image.png", [0x89, 0xff, 0xfe])
        try await test.addBase(folder)
        let reference = try VersionReference("base")
        #expect(try test.registry.text(ofFile: "README.md", in: reference, limit: 100) == "# Ünicode\n")
        #expect(try test.registry.text(ofFile: "README.md", in: reference, limit: 10) == nil)
        for path in ["image.png", "model.safetensors", "none"] {
            #expect(try test.registry.text(ofFile: path, in: reference, limit: 1 << 20) == nil, "\(path)")
        }
        #expect(throws: DeltaicError.self) {
            try test.registry.text(ofFile: "x", in: VersionReference("none"), limit: 1)
        }
    }

    @Test(
        "what could be saved: a base that is near an older one is found, with about what it would save; strangers are not"
    )
    func possibleSavings() async throws {
        let test = try TestRegistry()
        let base = SyntheticModel(seed: 1, rows: 400, width: 64)
        try await test.addBase(try base.write("base", in: test.directory))
        try await test.addBase(try base.tuned(seed: 2).write("near", in: test.directory), "near")
        try await test.addBase(
            try SyntheticModel(seed: 9, rows: 400, width: 64).write("far", in: test.directory), "far")
        try await test.addBase(
            try SyntheticModel(seed: 3, rows: 40, width: 16).write("small", in: test.directory), "small")
        let search = PossibleSavings(registry: test.registry)
        let found = try await search.find()
        #expect(found.map(\.version) == ["near@v1"] && found.first?.relative == "base@v1")
        let saving = try #require(found.first)
        #expect(saving.savedBytes > 0 && saving.savedBytes < saving.storedBytes)
        // As it really is when it is registered again.
        _ = try await test.registry.pull(VersionReference("near"), to: test.directory.path("again"))
        _ = try await test.registry.remove(ModelName("near"))
        let again = try await test.register(test.directory.path("again"), "near")
        #expect(abs(Double(again.storedBytes) / Double(saving.storedBytes) - saving.ratio) < 0.15)
        #expect(try await search.find().isEmpty)
    }

    @Test("a base that others are built on, and one of the same bytes, cannot save")
    func nothingToSave() async throws {
        let test = try TestRegistry()
        let base = SyntheticModel(seed: 1, rows: 400, width: 64)
        try await test.addBase(try base.write("base", in: test.directory))
        try await test.addBase(try base.tuned(seed: 2).write("near", in: test.directory), "near")
        try await test.register(try base.tuned(seed: 4).write("tuned", in: test.directory), "tuned", base: "near")
        try await test.addBase(test.directory.path("base"), "copy")
        #expect(try await PossibleSavings(registry: test.registry).find().map(\.version) == [])
    }
}
