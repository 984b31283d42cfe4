internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

/// How the packs of `Schema/vectors/reject` were made: the pack of the worked example with one change, and fresh checksums
/// around it so that the rule of the name is the one that is broken.
struct RejectVector: Sendable {
    /// The rule and what breaks it.
    let name: String
    let file: @Sendable () throws -> [UInt8]

    private init(_ name: String, file: @escaping @Sendable () throws -> [UInt8]) {
        self.name = name
        self.file = file
    }

    private init(_ name: String, parts change: @escaping @Sendable (inout PackParts) throws -> Void) {
        self.init(name) {
            var parts = PackParts(try AcceptVector.workedExamplePack().file())
            try change(&parts)
            return try parts.file()
        }
    }

    private init(_ name: String, index change: @escaping @Sendable (inout PackIndexFields) throws -> Void) {
        self.init(
            name,
            parts: { parts in
                var index = try VectorIndex.read(parts)
                try change(&index)
                parts.setIndex(index)
            })
    }

    private init(_ name: String, bytes change: @escaping @Sendable (inout [UInt8]) -> Void) {
        self.init(name) {
            var file = try AcceptVector.workedExamplePack().file()
            change(&file)
            return file
        }
    }

    private init(_ name: String, trailer change: @escaping @Sendable (inout [UInt8]) -> Void) {
        self.init(name) { try PackParts(try AcceptVector.workedExamplePack().file()).file(trailer: change) }
    }

    /// A change to the header of the first chunk's record.
    private init(_ name: String, record change: @escaping @Sendable (inout [UInt8]) -> Void) {
        self.init(name, parts: { parts in parts.patch(try #require(parts.walk.first), change) })
    }

    /// A change to the streams of the exact chunk.
    private init(_ name: String, streams change: @escaping @Sendable (inout [[UInt8]]) -> Void) {
        self.init(name) {
            var streams = WorkedExample.streams
            change(&streams)
            return try AcceptVector.workedExamplePack(streams: streams).file()
        }
    }

    static let all =
        packs + chunks + indexes + payloads + LossyRejectVectors.files.map { RejectVector($0.name, file: $0.file) }

    private static let packs = [
        RejectVector("P-01-no-magic", bytes: { $0[0] = 0 }),
        RejectVector("P-02-version-99", parts: { $0.version = 99 }),
        RejectVector("P-03-critical-flag", parts: { $0.criticalFlags = 2 }),
        RejectVector("P-04-header-damaged", bytes: { $0[13] ^= 1 }),
        RejectVector("P-24-index-offset-past-end", trailer: { $0[6] = 1 }),
        RejectVector("P-24-index-ends-early", trailer: { $0[8] -= 1 }),
        RejectVector("P-25-index-bomb", trailer: { $0[21] = 1 }),
        RejectVector("P-26-index-damaged", bytes: { $0[$0.count - 100] ^= 1 }),
        RejectVector("P-27-another-length", trailer: { $0[56] ^= 1 }),
        RejectVector("P-28-trailer-damaged", bytes: { $0[$0.count - 30] ^= 1 }),
        RejectVector("P-29-cut-off", bytes: { $0.removeLast() }),
    ]

    private static let chunks = [
        RejectVector("P-05-no-marker", record: { $0[0] = 0 }),
        RejectVector("P-07-short-record-header", record: { $0[6] = 23 }),
        RejectVector("P-08-long-payload", record: { $0.replaceSubrange(8..<12, with: [1, 0, 0, 4]) }),
        RejectVector("P-09-record-damaged", parts: { $0.records[12] ^= 1 }),
        RejectVector("P-10-another-ordinal", record: { $0[12] = 1 }),
        RejectVector("P-11-another-element-count", record: { $0[14] += 1 }),
        RejectVector(
            "P-12-unknown-codec",
            parts: { parts in
                var index = try VectorIndex.read(parts)
                index.objects[0].chunks[0].codec = 99
                parts.setIndex(index)
                parts.patch(try #require(parts.walk.first)) { $0[15] = 99 }
            }),
        RejectVector(
            "P-13-payload-damaged",
            parts: { parts in
                parts.records[try #require(parts.walk.first).headerLength] ^= 1
            }),
        RejectVector(
            "P-14-another-raw-checksum",
            parts: { parts in
                var index = try VectorIndex.read(parts)
                index.objects[0].chunks[0].rawChecksum ^= 1
                parts.setIndex(index)
                parts.patch(try #require(parts.walk.first)) { $0[24] ^= 1 }
            }),
    ]

    private static let indexes = [
        RejectVector(
            "P-15-33-streams",
            index: { index in
                let stream = index.objects[0].chunks[0].streams[0]
                index.objects[0].chunks[0].streams = Array(repeating: stream, count: 33)
            }),
        RejectVector("P-16-lengths-do-not-add-up", index: { $0.objects[0].chunks[0].streams[0].storedLength -= 1 }),
        RejectVector("P-16-raw-length-bomb", index: { $0.objects[0].chunks[0].streams[0].rawLength = 1 << 40 }),
        RejectVector("P-17-unknown-encoding", index: { $0.objects[0].chunks[0].streams[0].encoding = 3 }),
        RejectVector("P-17-unknown-index-encoding", trailer: { $0[64] = 9 }),
        RejectVector("P-18-another-digest", index: { $0.objects[2].digest[0] ^= 1 }),
        RejectVector("P-19-unknown-kind", index: { $0.objects[0].kind = 3 }),
        RejectVector("P-20-unknown-dtype", index: { $0.objects[0].dtype = 17 }),
        RejectVector("P-21-too-many-elements", index: { $0.objects[0].elements = 1 << 60 }),
        RejectVector("P-22-own-base", index: { $0.objects[1].base = $0.objects[1].digest }),
        RejectVector("P-23-another-chunk-count", index: { $0.objects[0].chunkCount = 2 }),
        RejectVector("P-24-chunk-past-index", index: { $0.objects[2].chunks[0].distance += 400 }),
        RejectVector("P-24-bytes-after-index", index: { $0.rest = [0] }),
    ]

    private static let payloads = [
        RejectVector(
            "P-17-frame-declares-another-size",
            file: {
                let text = Array(String(repeating: "hello ", count: 50).utf8)
                let frame = try ZstdStream().encode(Array(text.dropLast(6)), effort: .matches)
                let stream = EncodedStream(encoding: .zstd, rawLength: text.count, bytes: frame.bytes)
                var pack = VectorPack()
                try pack.add(text, nil, chunks: [EncodedChunk(codec: .solo, streams: [stream])])
                return try pack.file()
            }),
        RejectVector(
            "C-01-three-planes",
            file: {
                var pack = VectorPack()
                let streams = Array(repeating: WorkedExample.stored([1, 2]), count: 3)
                try pack.add([1, 1, 2, 2], .bfloat16, chunks: [EncodedChunk(codec: .solo, streams: streams)])
                return try pack.file()
            }),
        RejectVector(
            "C-02-short-plane",
            file: {
                var pack = VectorPack()
                let streams = [[1, 2], [1]].map { WorkedExample.stored($0) }
                try pack.add([1, 1, 2, 2], .bfloat16, chunks: [EncodedChunk(codec: .solo, streams: streams)])
                return try pack.file()
            }),
        RejectVector("C-10-payload-version-2", streams: { $0[0][0] = 2 }),
        RejectVector("C-11-no-common-elements", streams: { $0[0][1] = 0 }),
        RejectVector("C-12-another-precision", streams: { $0[0][2] = 5 }),
        RejectVector("C-13-shift-of-a-word", streams: { $0[0][3] = 16 }),
        RejectVector("C-14-five-classes", streams: { $0[0].replaceSubrange(4..<7, with: [5, 2, 2]) }),
        RejectVector("C-15-classes-without-segments", streams: { $0[0][4] = 2 }),
        RejectVector("C-16-staircase-too-fine", streams: { $0[0][15] = 8 }),
        RejectVector("C-17-unknown-mode", streams: { $0[3][0] = 3 }),
        RejectVector("C-18-direct-stream-too-short", streams: { $0[4].removeLast() }),
        RejectVector("C-18-extra-bits-too-long", streams: { $0[7] = [0] }),
        RejectVector(
            "C-18-segment-near-2-to-63",
            streams: {
                $0[0].replaceSubrange(4..<7, with: [2] + [UInt8](repeating: 255, count: 8) + [127, 1])
            }),
        RejectVector(
            "C-31-reference-to-itself",
            file: {
                var pack = VectorPack()
                let raw: [UInt8] = [1, 2, 3, 4]
                let stream = WorkedExample.stored(try Digest.sha256(raw).bytes + [0])
                try pack.add(raw, .bfloat16, chunks: [EncodedChunk(codec: .reference, streams: [stream])])
                return try pack.file()
            }),
    ]
}
