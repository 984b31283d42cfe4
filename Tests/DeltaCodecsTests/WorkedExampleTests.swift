internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import Testing

/// Section 4 of `Schema/pack/codec-payloads.md`.
enum WorkedExample {
    static let shape = ChunkShape(type: .bfloat16, elementCount: 4)
    static let base: [UInt8] = [0x80, 0x3F, 0x81, 0x3F, 0x80, 0xBF, 0x00, 0x00]
    static let words: [UInt8] = [0x81, 0x3F, 0x81, 0x3F, 0x82, 0xBF, 0x01, 0x00]
    static let parameters: [UInt8] = [1, 4, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    static let streams: [[UInt8]] = [parameters, [], [], [1, 1], [2, 2, 0, 4], [], [], []]

    static func stored(_ bytes: [UInt8]) -> EncodedStream {
        EncodedStream(encoding: .stored, rawLength: bytes.count, bytes: bytes)
    }
}

@Suite("Worked example")
struct WorkedExampleTests {
    @Test("the encoder writes the example byte for byte")
    func encode() throws {
        let streams = try ContractCodec.exact.encode(
            ChunkInput(raw: WorkedExample.words, shape: WorkedExample.shape, base: WorkedExample.base))
        #expect(try streams.map { try ZstdStream().decode($0, limit: 64) } == WorkedExample.streams)
        #expect(streams[0] == WorkedExample.stored(WorkedExample.parameters))
    }

    @Test("the decoder reads the example")
    func decode() throws {
        let streams = WorkedExample.streams.map(WorkedExample.stored)
        let words = try ContractCodec.exact.decode(streams, shape: WorkedExample.shape, base: WorkedExample.base)
        #expect(words == WorkedExample.words)
    }
}
