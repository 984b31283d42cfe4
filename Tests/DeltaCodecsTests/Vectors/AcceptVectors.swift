internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

/// How the packs of `Schema/vectors/accept` were made.
struct AcceptVector: Sendable {
    let name: String
    let shows: String
    let file: @Sendable () throws -> [UInt8]

    static let all: [AcceptVector] =
        [
            AcceptVector(name: "empty", shows: "a pack without objects and manifest") { try VectorPack().file() },
            AcceptVector(
                name: "worked-example", shows: "section 4 of codec-payloads.md, with its base", file: workedExample),
            AcceptVector(
                name: "dtypes", shows: "a tensor of every dtype, text, an empty tensor and a manifest", file: dtypes),
            AcceptVector(name: "chunks", shows: "objects of two chunks of 2 MiB, with a base", file: chunks),
            AcceptVector(
                name: "reference", shows: "a chunk that is the same as one of another object", file: reference),
            AcceptVector(
                name: "other-record", shows: "P-06: a record of an unknown kind, passed over", file: otherRecord),
            AcceptVector(
                name: "other-flags", shows: "flags that are not critical and reserved bytes, ignored", file: otherFlags),
        ]
        + [ElementType.bfloat16, .float16, .float32, .float64, .float8E4M3, .float8E5M2, .int32, .uint8].map { type in
            AcceptVector(
                name: "exact-" + type.rawValue.lowercased(),
                shows: "the exact codec: noise, training, zeros, exotic words, short and long bases, classes, sparse "
                    + "groups, shift, slope and staircase, as far as the dtype has them",
                file: { try exact(type) })
        } + LossyAcceptVectors.all

    static func workedExamplePack(streams: [[UInt8]] = WorkedExample.streams) throws -> VectorPack {
        var pack = VectorPack(manifest: Array("{\"manifest\":1}".utf8))
        let base = try pack.add(
            WorkedExample.base, .bfloat16,
            chunks: [EncodedChunk(codec: .solo, streams: [WorkedExample.stored(WorkedExample.base)])])
        try pack.add(
            WorkedExample.words, .bfloat16, base: base,
            chunks: [EncodedChunk(codec: .exact, streams: streams.map(WorkedExample.stored))])
        let text = Array("hello\n".utf8)
        try pack.add(text, nil, chunks: [EncodedChunk(codec: .solo, streams: [WorkedExample.stored(text)])])
        return pack
    }

    private static func workedExample() throws -> [UInt8] { try workedExamplePack().file() }

    private static func dtypes() throws -> [UInt8] {
        var pack = VectorPack(manifest: Array("{\"manifest\": 1, \"model\": \"test\"}\n".utf8))
        for type in ElementType.allCases {
            try pack.encode(TensorWords.bytes(TensorWords.exotic(type) + [UInt64(type.code)], width: type.width), type)
        }
        try pack.encode(Array(String(repeating: "config ", count: 200).utf8), nil)
        try pack.encode([], .float32)
        return try pack.file()
    }

    /// Two tensors of a little over 2 MiB that are small when stored, the second with the first as its base.
    private static func chunkPack() throws -> (pack: VectorPack, base: Digest, tuned: [UInt8]) {
        var pack = VectorPack()
        let count = 1 << 20 + 300
        let base = [UInt64](repeating: 0x3F80, count: count)
        let tuned = base.indices.map { $0 % 65_536 == 7 || $0 > 1 << 20 + 200 ? base[$0] + 3 : base[$0] }
        let digest = try pack.encode(TensorWords.bytes(base, width: 2), .bfloat16)
        return (pack, digest, TensorWords.bytes(tuned, width: 2))
    }

    private static func chunks() throws -> [UInt8] {
        var (pack, base, tuned) = try chunkPack()
        try pack.encode(tuned, .bfloat16, base: base)
        return try pack.file()
    }

    private static func reference() throws -> [UInt8] {
        var (pack, base, _) = try chunkPack()
        let first = pack.objects[0]
        let raw = Array(first.raw.prefix(2 << 20)) + [1, 2]
        let last = ChunkInput(raw: [1, 2], shape: ChunkShape(type: .bfloat16, elementCount: 1))
        try pack.add(
            raw, .bfloat16,
            chunks: [
                EncodedChunk(codec: .reference, streams: [WorkedExample.stored(base.bytes + [0])]),
                EncodedChunk(codec: .solo, streams: try SoloCodec().encode(last, coder: ZstdStream())),
            ])
        return try pack.file()
    }

    private static func otherRecord() throws -> [UInt8] {
        var parts = PackParts(try workedExamplePack().file())
        var index = try VectorIndex.read(parts)
        let record = PackParts.record(kind: 9, fields: [1, 2, 3, 4], payload: [5, 6, 7])
        parts.records = record + parts.records
        index.objects[0].chunks[0].distance += record.count
        index.manifestOffset += record.count
        parts.setIndex(index)
        return try parts.file()
    }

    private static func otherFlags() throws -> [UInt8] {
        var parts = PackParts(try workedExamplePack().file())
        parts.otherFlags = 0x8000_0001
        parts.reserved = 5
        return try parts.file()
    }

    private static func exact(_ type: ElementType) throws -> [UInt8] {
        var pack = VectorPack()
        let long = type.width == 8 ? 640 : 2048
        for tensor in TensorCase.all(type, count: type.width == 8 ? 180 : 240, structured: long)
        where tensor.raw != tensor.baseBytes {
            let base = try Digest.sha256(tensor.baseBytes)
            if !pack.contains(base) { try pack.encode(tensor.baseBytes, type) }
            guard !pack.contains(try Digest.sha256(tensor.raw)) else { continue }
            try pack.encode(
                tensor.raw, type, base: base, rowLength: tensor.rowLength, rowOffset: tensor.rowOffset)
        }
        return try pack.file()
    }
}

/// The index of a pack as fields.
enum VectorIndex {
    static func read(_ parts: PackParts) throws -> PackIndexFields {
        let encoding = try #require(EncodedStream.Encoding(rawValue: parts.indexEncoding))
        let stream = EncodedStream(encoding: encoding, rawLength: Int(parts.indexRawLength), bytes: parts.index)
        return PackIndexFields(try ZstdStream().decode(stream, limit: 1 << 20))
    }
}
