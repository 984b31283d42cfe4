internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

/// The codecs that the contract holds for.
enum ContractCodec: CaseIterable, Sendable {
    case solo, exact

    func encode(_ chunk: ChunkInput) throws -> [EncodedStream] {
        switch self {
        case .solo: try SoloCodec().encode(chunk, coder: ZstdStream())
        case .exact: try ExactDeltaCodec().encode(chunk, coder: ZstdStream())
        }
    }

    func decode(_ streams: [EncodedStream], shape: ChunkShape, base: [UInt8]?) throws(DeltaicError) -> [UInt8] {
        switch self {
        case .solo: try SoloCodec().decode(streams, shape: shape, base: base, coder: ZstdStream())
        case .exact: try ExactDeltaCodec().decode(streams, shape: shape, base: base, coder: ZstdStream())
        }
    }
}

@Suite("Codec contract")
struct CodecContractTests {
    @Test("every tensor comes back bit for bit", arguments: ContractCodec.allCases, ElementType.allCases)
    func roundTrip(codec: ContractCodec, type: ElementType) throws {
        for tensor in TensorCase.all(type) {
            let streams = try codec.encode(tensor.input)
            let decoded = try codec.decode(streams, shape: tensor.shape, base: tensor.baseBytes)
            let isSame = decoded == tensor.raw
            #expect(isSame, "\(tensor)")
        }
    }

    @Test("encoding is deterministic", arguments: ContractCodec.allCases, [ElementType.bfloat16, .float32, .int64])
    func deterministic(codec: ContractCodec, type: ElementType) throws {
        for tensor in TensorCase.all(type) {
            let isSame = try codec.encode(tensor.input) == codec.encode(tensor.input)
            #expect(isSame, "\(tensor)")
        }
    }

    @Test("all 65,536 BF16 words come back", arguments: ContractCodec.allCases)
    func everyWord(codec: ContractCodec) throws {
        let seed: UInt64 = 31
        var generator = SeededGenerator(seed: seed)
        let words = (0...0xFFFF as ClosedRange<UInt64>).map { $0 }
        for base in [words, words.reversed(), words.shuffled(using: &generator)] {
            let tensor = TensorCase(name: "all words", type: .bfloat16, words: words, base: base, seed: seed)
            let decoded = try codec.decode(
                try codec.encode(tensor.input), shape: tensor.shape, base: tensor.baseBytes)
            let isSame = decoded == tensor.raw
            #expect(isSame, "\(tensor)")
        }
    }

    @Test("a base that is longer than the encoder's makes no difference", arguments: ElementType.allCases)
    func longerBase(type: ElementType) throws {
        for tensor in TensorCase.all(type) {
            let streams = try ContractCodec.exact.encode(tensor.input)
            let longer = tensor.baseBytes + [1, 2, 3, 4, 5, 6, 7, 8]
            let isSame = try ContractCodec.exact.decode(streams, shape: tensor.shape, base: longer) == tensor.raw
            #expect(isSame, "\(tensor)")
        }
    }

    @Test("an empty chunk is encoded alone and comes back", arguments: ElementType.allCases)
    func empty(type: ElementType) throws {
        let shape = ChunkShape(type: type, elementCount: 0)
        let streams = try ContractCodec.solo.encode(ChunkInput(raw: [], shape: shape))
        #expect(try ContractCodec.solo.decode(streams, shape: shape, base: nil) == [])
    }

    @Test("bytes that are no tensor come back from one stream")
    func bytes() throws {
        let raw = Array(String(repeating: "{\"a\": 1} ", count: 500).utf8)
        let shape = ChunkShape(type: nil, elementCount: raw.count)
        let streams = try ContractCodec.solo.encode(ChunkInput(raw: raw, shape: shape))
        #expect(streams.count == 1 && streams[0].bytes.count < 100)
        #expect(try ContractCodec.solo.decode(streams, shape: shape, base: nil) == raw)
    }

    @Test("the exact codec refuses to encode without a base")
    func noBase() {
        let shape = ChunkShape(type: .bfloat16, elementCount: 1)
        #expect(throws: DeltaicError.self) { try ContractCodec.exact.encode(ChunkInput(raw: [1, 2], shape: shape)) }
    }
}
