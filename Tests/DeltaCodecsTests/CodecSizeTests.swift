internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Encoded sizes")
struct CodecSizeTests {
    @Test("incompressible bytes grow by no more than a thousandth and 64 bytes", arguments: ElementType.allCases)
    func neverLarger(type: ElementType) throws {
        let seed = 3000 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        for count in [1, 2, 100, 60_000] {
            let tensor = TensorCase(
                name: "noise", type: type, words: TensorWords.random(count, type, using: &generator),
                base: TensorWords.random(count, type, using: &generator), seed: seed)
            let limit = tensor.raw.count + tensor.raw.count / 1000 + 64
            let size = try CodecTable.encode(tensor.input, coder: ZstdStream()).storedBytes
            #expect(size <= limit, "\(count) elements, \(tensor)")
            let alone = try ContractCodec.solo.encode(tensor.input).reduce(0) { $0 + $1.bytes.count }
            #expect(alone <= limit, "alone, \(count) elements, \(tensor)")
        }
    }

    /// A full chunk of BF16 weights, and the same after a little training.
    private func trained() -> TensorCase {
        let seed: UInt64 = 4000
        var generator = SeededGenerator(seed: seed)
        let values = (0..<1 << 20).map { _ in generator.normal() * 0.02 }
        return TensorCase(
            name: "trained", type: .bfloat16,
            words: values.map { TensorWords.word($0 + generator.normal() * 0.0002, .bfloat16) },
            base: values.map { TensorWords.word($0, .bfloat16) }, rowLength: 4096, seed: seed)
    }

    @Test("a little training of BF16 weights takes under 25 % of their size")
    func exact() throws {
        let tensor = trained()
        let chunk = try CodecTable.encode(tensor.input, coder: ZstdStream())
        let share = Double(chunk.storedBytes) / Double(tensor.raw.count)
        #expect(chunk.codec == .exact)
        #expect(share < 0.25, "\(share), \(tensor)")
    }

    @Test("BF16 weights alone take under 66.6 % of their size")
    func solo() throws {
        let tensor = trained()
        let size = try ContractCodec.solo.encode(tensor.input).reduce(0) { $0 + $1.bytes.count }
        let share = Double(size) / Double(tensor.raw.count)
        #expect(share < 0.666, "\(share), \(tensor)")
    }

    @Test("a chunk that equals its base takes next to nothing", arguments: ElementType.allCases)
    func identical(type: ElementType) throws {
        let tensor = try #require(TensorCase.all(type).first { $0.name == "identical" })
        let chunk = try CodecTable.encode(tensor.input, coder: ZstdStream())
        #expect(chunk.storedBytes < 64, "\(tensor)")
    }
}
