import DeltaicCore
import Registry
import TestSupport
import Testing

/// Files of second moments: which are of use, and which are refused.
@Suite("second moments") struct MomentsTests {
    private static let name = "encoder.layer.0.dense.weight"
    private static let width = 32

    /// Of inputs with means that differ, so that they matter.
    private static let matrix: [Float] = (0..<width * width).map { index in
        let (row, column) = (Float(index / width + 1), Float(index % width + 1))
        return row * column + (row == column ? 5 : 0)
    }

    private static func moments(_ name: String, _ values: [Float] = matrix) -> TestTensor {
        let bytes = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        return TestTensor(name, .float32, [width, width], bytes: bytes)
    }

    private func report(
        _ entries: [TestTensor]?, codec: String = "sparse24", settings: CodecSettings = [:]
    ) async throws -> LossyReport {
        let test = try TestRegistry()
        var random = SeededGenerator(seed: 31)
        let base = TestTensor(Self.name, .bfloat16, [Self.width, Self.width], using: &random)
        try await test.addBase(try test.folder("base", [base]))
        let recipe = try Recipe(codec: codec, settings: settings, embeddings: .exact, head: .exact)
        let path = try entries.map { try test.folder("moments", $0) + "/model.safetensors" }
        let registration = Registration(
            name: try ModelName("model"), base: try VersionReference("base"),
            lossy: LossyRequest(recipe: recipe, momentsPath: path))
        let tuned = try test.folder("tuned", [base.tuned(by: 1e-3, using: &random)])
        return try await test.registry.preview(tuned, as: registration).report
    }

    private func refusal(
        _ entries: [TestTensor], codec: String = "sparse24", settings: CodecSettings = [:]
    ) async throws -> DeltaicError {
        let error = try await #require(throws: DeltaicError.self) {
            try await report(entries, codec: codec, settings: settings)
        }
        #expect(error.code == .badMoments && error.description.contains("moments/model.safetensors"), "\(error)")
        return error
    }

    @Test("a file with names of other weights only is refused with the names of both")
    func otherNames() async throws {
        let error = try await refusal([Self.moments("layer.7.dense.weight")])
        #expect(error.found == "layer.7.dense.weight" && error.expected?.contains(Self.name) == true, "\(error)")
    }

    @Test(
        "a codec that reads no second moments refuses them, and says which do",
        arguments: [
            ("seeded-sign", [:]), ("ultradelta", [:]), ("bitdelta", [:]), ("dare", [:]), ("deltadq", [:]),
            ("drop", [:]),
            ("sparse24", ["rounding": .text("plain")]), ("delta-come", ["rounding": .text("plain")]),
            ("low-rank", ["eora": .text("off")]),
            ("low-rank", ["eora": .text("off"), "after": .text("bitdelta")]),
        ] as [(String, CodecSettings)])
    func codecsWithout(_ codec: String, _ settings: CodecSettings) async throws {
        let error = try await refusal([Self.moments(Self.name)], codec: codec, settings: settings)
        #expect(error.found == codec)
        for reader in ["delta-come", "low-rank", "sparse24"] { #expect(error.expected?.contains(reader) == true) }
    }

    @Test(
        "a codec that reads them is another with them",
        arguments: [
            ("sparse24", [:]), ("delta-come", [:]), ("low-rank", ["rank": .number(4)]),
            ("low-rank", ["rank": .number(4), "eora": .text("off"), "after": .text("sparse24")]),
        ] as [(String, CodecSettings)])
    func codecsWith(_ codec: String, _ settings: CodecSettings) async throws {
        let with = try await report([Self.moments(Self.name)], codec: codec, settings: settings)
        let without = try await report(nil, codec: codec, settings: settings)
        #expect(with.tensors.first?.quality != without.tensors.first?.quality)
    }

    @Test("names may differ by a prefix, as those of a base may", arguments: ["model." + name, "layer.0.dense.weight"])
    func prefixes(_ name: String) async throws {
        let same = try await report([Self.moments(Self.name)])
        let other = try await report([Self.moments(name)])
        #expect(other.tensors.first?.quality == same.tensors.first?.quality)
        #expect(other.unusedMoments.isEmpty)
    }

    @Test("entries that no tensor uses are told")
    func unused() async throws {
        let report = try await report(["b.weight", Self.name, "a.weight"].map { Self.moments($0) })
        #expect(report.unusedMoments.sorted() == ["a.weight", "b.weight"])
    }

    @Test(
        "a matrix that is not symmetric is refused with its file and weight; what sums in another order differ by is not"
    )
    func symmetry() async throws {
        var matrix = Self.matrix
        matrix[3 * Self.width + 1] *= 1.0001
        _ = try await report([Self.moments(Self.name, matrix)])
        matrix[3 * Self.width + 1] *= 1.1
        let error = try await refusal([Self.moments(Self.name, matrix)])
        #expect(error.message.contains("symmetric") && error.places.contains(Self.name), "\(error)")
        #expect(error.places.contains("row 3, column 1") && error.found == "8.801", "\(error)")
    }

    @Test("a mean square below zero is refused")
    func negative() async throws {
        var matrix = Self.matrix
        matrix[2 * (Self.width + 1)] = -1
        let error = try await refusal([Self.moments(Self.name, matrix)])
        #expect(error.message.contains("negative") && error.found == "-1", "\(error)")
    }
}
