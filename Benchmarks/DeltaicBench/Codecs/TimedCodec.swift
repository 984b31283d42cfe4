import DeltaCodecs
import DeltaicCore
import PackFormat

/// Something that makes chunks into streams and back, under one clock for all.
struct TimedCodec {
    let name: String
    let encode: (ChunkInput) throws -> [EncodedStream]
    let decode: ([EncodedStream], ChunkInput) throws -> [UInt8]

    /// What was measured.
    struct Figures {
        let storedBytes: Int
        let encodeSeconds: Double
        let decodeSeconds: Double
    }

    /// Our own codecs, and what they are held against.
    static func all() throws -> [TimedCodec] {
        let coder = ZstdStream()
        func own(_ codec: some TensorCodec, withBase: Bool) -> TimedCodec {
            TimedCodec(name: "\(codec.id)") { chunk in
                try codec.encode(withBase ? chunk : chunk.withoutBase, coder: coder)
            } decode: { streams, chunk in
                try codec.decode(streams, shape: chunk.shape, base: withBase ? chunk.base : nil, coder: coder)
            }
        }
        func planes(_ name: String, isRotated: Bool, level: Int32) throws -> TimedCodec {
            let codec = try XORPlaneCodec(isRotated: isRotated, level: level)
            return TimedCodec(name: name) { chunk in
                try codec.encode(chunk.raw, base: chunk.base, width: chunk.shape.width)
            } decode: { streams, chunk in
                try codec.decode(streams, base: chunk.base, width: chunk.shape.width)
            }
        }
        func whole(level: Int32) throws -> TimedCodec {
            let zstd = try ZstdFrames(level: level)
            return TimedCodec(name: "zstd -\(level)") { chunk in
                [try chunk.raw.withUnsafeBytes { try zstd.encode($0) }]
            } decode: { streams, chunk in
                try filledArray(chunk.raw.count) { try zstd.decode(streams[0], into: $0) }
            }
        }
        return [
            own(SoloCodec(), withBase: false), own(ExactDeltaCodec(), withBase: true), try whole(level: 3),
            try whole(level: 1), try planes("BitX", isRotated: true, level: 3),
            try planes("TensorX", isRotated: false, level: 1),
        ]
    }

    /// The fastest of some runs over all chunks; what the first one made is decoded and compared byte for byte.
    func measure(_ chunks: [ChunkInput], runs: Int) throws -> Figures {
        var encoded: [[EncodedStream]] = []
        let encodeSeconds = try fastest(of: runs) { encoded = try chunks.map(encode) }
        for (streams, chunk) in zip(encoded, chunks) {
            guard equalBytes(try decode(streams, chunk), chunk.raw) else {
                throw BenchmarkFailure("\(name) does not give back what it was given")
            }
        }
        let decodeSeconds = try fastest(of: runs) {
            for (streams, chunk) in zip(encoded, chunks) { _ = try decode(streams, chunk) }
        }
        return Figures(
            storedBytes: encoded.joined().reduce(0) { $0 + $1.bytes.count }, encodeSeconds: encodeSeconds,
            decodeSeconds: decodeSeconds)
    }
}

extension ChunkInput {
    /// The chunk as it is when there is nothing to be a difference from.
    fileprivate var withoutBase: ChunkInput {
        ChunkInput(raw: raw, shape: shape, rowLength: rowLength, rowOffset: rowOffset)
    }
}
