import DeltaicCore
import Registry
import TestSupport
import Testing

@Suite("Ranges of tensors")
struct RangeTests {
    @Test("any range of a delta is the same slice of the tensor", arguments: [ElementType.bfloat16, .float32])
    func slices(type: ElementType) async throws {
        var random = SeededGenerator(seed: 61)
        let test = try TestRegistry()
        let base = TestTensor("w", type, [5 * (1 << 20) / type.width + 7], using: &random)
        let tune = base.tuned(using: &random)
        try await test.addBase(try test.folder("base", [base]))
        try await test.register(try test.folder("tune", [tune]), "tune")
        let reference = try VersionReference("tune")
        let edge = ChunkGrid.chunkBytes
        var ranges = [0..<0, 0..<1, edge - 1..<edge + 1, edge..<2 * edge, tune.bytes.count - 1..<tune.bytes.count]
        for _ in 0..<10 {
            let start = Int(random.next() % UInt64(tune.bytes.count))
            ranges.append(start..<min(tune.bytes.count, start + Int(random.next() % 3_000_000)))
        }
        for range in ranges {
            let bytes = try test.registry.read(range, ofTensor: "w", in: reference)
            #expect(equalBytes(bytes, Array(tune.bytes[range])), "range \(range)")
        }
    }

    @Test("a range past the end and an unknown tensor are refused by name")
    func refused() async throws {
        var random = SeededGenerator(seed: 62)
        let test = try TestRegistry()
        try await test.addBase(try test.folder("base", [TestTensor("w", .float32, [10], using: &random)]))
        let reference = try VersionReference("base")
        let past = #expect(throws: DeltaicError.self) { try test.registry.read(39..<41, ofTensor: "w", in: reference) }
        #expect(past?.description.contains("40 bytes") == true)
        let unknown = #expect(throws: DeltaicError.self) { try test.registry.read(0..<1, ofTensor: "v", in: reference) }
        #expect(unknown?.code.category == .notFound)
    }
}
