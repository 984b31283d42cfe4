internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat

/// Decodes one chunk by every codec.
///
/// An input is codec, dtype, elements (2 bytes), first element (2), elements of the base (2), streams; of each stream: its
/// encoding, raw length (2), stored length (2) and bytes.
enum ChunkFuzzer {
    /// Bytes that lossy chunks may share, whatever they are called.
    private struct Shared: SharedBytes {
        let bytes: [UInt8]

        func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] { bytes }
    }

    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let codec = CodecID(number: UInt8(input.byte() & 31))
        let type = ElementType(code: UInt8(input.byte() & 31))
        let shape = ChunkShape(type: type, elementCount: input.short(), firstElement: input.short())
        let baseCount = input.short()
        var streams: [EncodedStream] = []
        for _ in 0..<input.byte() & 31 {
            let encoding = EncodedStream.Encoding(rawValue: UInt8(input.byte() % 3)) ?? .stored
            let rawLength = input.short()
            streams.append(EncodedStream(encoding: encoding, rawLength: rawLength, bytes: input.take(input.short())))
        }
        // Words of moderate size, as those of a model are.
        let base = (0..<baseCount * shape.width).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 5) & 0x3f }
        let chunk = EncodedChunk(codec: codec, streams: streams)
        let shared = Shared(bytes: Array(input.rest))
        func decode() throws -> [UInt8]? {
            try FuzzParser.accepted {
                try CodecTable.decode(
                    chunk, shape: shape, base: baseCount == 0 ? nil : base, shared: shared, coder: ZstdStream())
            }
        }
        guard let raw = try decode() else { return }
        try FuzzParser.require(raw.count == shape.byteCount, "\(codec) decodes to another length")
        try FuzzParser.require(try decode() == raw, "\(codec) decodes to other bytes the second time")
    }

    /// The input for a chunk, nil if it is too large for one.
    static func input(_ chunk: EncodedChunk, shape: ChunkShape, baseCount: Int) -> [UInt8]? {
        let numbers = [shape.elementCount, shape.firstElement, baseCount]
        let lengths = chunk.streams.flatMap { [$0.rawLength, $0.bytes.count] }
        guard (numbers + lengths).allSatisfy({ $0 <= Int(UInt16.max) }), chunk.streams.count < 32 else { return nil }
        var writer = ByteWriter()
        writer.append([chunk.codec.number, shape.type?.code ?? 0])
        for number in numbers { writer.integer(UInt16(number)) }
        writer.append([UInt8(chunk.streams.count)])
        for stream in chunk.streams {
            writer.append([stream.encoding.rawValue])
            writer.integer(UInt16(stream.rawLength))
            writer.integer(UInt16(stream.bytes.count))
            writer.append(stream.bytes)
        }
        return writer.bytes
    }
}
