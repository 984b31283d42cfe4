internal import DeltaCodecs
internal import DeltaicCore
internal import Kernels
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Codec table")
struct CodecTableTests {
    private let coder = ZstdStream()

    @Test("every tensor comes back from the codec that was chosen", arguments: ElementType.allCases)
    func roundTrip(type: ElementType) throws {
        for tensor in TensorCase.all(type) {
            let chunk = try CodecTable.encode(tensor.input, coder: coder)
            let raw = try CodecTable.decode(chunk, shape: tensor.shape, base: tensor.baseBytes, coder: coder)
            let isSame = raw == tensor.raw
            #expect(isSame, "\(tensor)")
        }
    }

    @Test("a near base is chosen, an unrelated one is not")
    func choice() throws {
        let tensors = TensorCase.all(.bfloat16)
        let near = try #require(tensors.first { $0.name == "gaussian" })
        #expect(try CodecTable.encode(near.input, coder: coder).codec == .exact)
        let far = try #require(tensors.first { $0.name == "zero base" })
        #expect(try CodecTable.encode(far.input, coder: coder).codec == .solo)
    }

    @Test("the smaller of both is kept, however small the other is too", arguments: ElementType.allCases)
    func smallest(type: ElementType) throws {
        for tensor in TensorCase.all(type) {
            let chosen = try CodecTable.encode(tensor.input, coder: coder).storedBytes
            let alone = try SoloCodec().encode(tensor.input, coder: coder).reduce(0) { $0 + $1.bytes.count }
            #expect(chosen <= alone, "\(tensor)")
        }
    }

    @Test("a pruned tensor is stored alone: its zeros are dearer as differences")
    func pruned() throws {
        var generator = SeededGenerator(seed: 70)
        let count = 8192
        let base = RandomTensor.weights(.bfloat16, count, using: &generator)
        var raw = [UInt8](repeating: 0, count: base.count)
        for kept in stride(from: 0, to: base.count, by: 20) {
            raw.replaceSubrange(kept..<kept + 2, with: base[kept..<kept + 2])
        }
        let input = ChunkInput(
            raw: raw, shape: ChunkShape(type: .bfloat16, elementCount: count), rowLength: 0, rowOffset: 0, base: base)
        let delta = try ExactDeltaCodec().encode(input, coder: coder).reduce(0) { $0 + $1.bytes.count }
        let chosen = try CodecTable.encode(input, coder: coder)
        #expect(chosen.codec == .solo && chosen.storedBytes < delta)
    }

    @Test("without a whole word of a base, without elements or without a dtype a chunk is stored alone")
    func alone() throws {
        let shape = ChunkShape(type: .float32, elementCount: 2)
        let raw: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        for base in [[], [1, 2, 3]] as [[UInt8]] {
            #expect(try CodecTable.encode(ChunkInput(raw: raw, shape: shape, base: base), coder: coder).codec == .solo)
        }
        let empty = ChunkInput(raw: [], shape: ChunkShape(type: .float32, elementCount: 0), base: raw)
        #expect(try CodecTable.encode(empty, coder: coder).codec == .solo)
        let bytes = ChunkInput(raw: raw, shape: ChunkShape(type: nil, elementCount: 8), base: raw)
        #expect(try CodecTable.encode(bytes, coder: coder).codec == .solo)
    }

    @Test("P-12: an unknown codec is refused by number", arguments: [0, 4, 15, 26, 255] as [UInt8])
    func unknown(number: UInt8) throws {
        let chunk = EncodedChunk(codec: CodecID(number: number), streams: [])
        let error = try #require(throws: DeltaicError.self) {
            try CodecTable.decode(chunk, shape: WorkedExample.shape, base: nil, coder: coder)
        }
        #expect(error.code == .unknownCodec && error.message.contains("P-12"))
        #expect(error.message.contains("\(number)"))
    }

    @Test("a chunk has the width of its dtype", arguments: ElementType.allCases)
    func shape(type: ElementType) {
        let shape = ChunkShape(type: type, elementCount: 3)
        #expect(
            shape.byteCount == 3 * type.width
                && shape.layout == WordLayout(width: type.width, mantissaBits: type.mantissaBits))
    }
}
