import DeltaCodecs
import DeltaicCore
import PackFormat

/// One encoded tensor, to be decoded and added to its base as a pull does it.
struct LossyDecoding {
    private let trial: LossyTrial
    private let bases: [[UInt8]]
    private let shapes: [ChunkShape]
    private let shared: Shared
    private let coder = ZstdStream()

    private struct Shared: SharedBytes {
        let bytes: [(digest: Digest, bytes: [UInt8])]

        func sharedBytes(_ digest: Digest) throws(DeltaicError) -> [UInt8] {
            for entry in bytes where entry.digest == digest { return entry.bytes }
            return try NoSharedBytes().sharedBytes(digest)
        }
    }

    init(_ trial: LossyTrial, _ delta: SyntheticDelta) {
        self.trial = trial
        let grid = ChunkGrid(elementCount: delta.weights, width: 2)
        bases = (0..<grid.chunkCount).map { Array(delta.base[grid.bytes(of: $0)]) }
        shapes = (0..<grid.chunkCount).map { position in
            let elements = grid.elements(of: position)
            return ChunkShape(type: .bfloat16, elementCount: elements.count, firstElement: elements.lowerBound)
        }
        shared = Shared(bytes: trial.shared)
    }

    /// The raw bytes of one chunk.
    func chunk(_ position: Int) throws -> [UInt8] {
        try LossyChunk.decode(
            trial.chunks[position].streams, shape: shapes[position], base: bases[position], shared: shared,
            coder: coder)
    }

    /// The seconds of the fastest of some runs on one thread, each chunk compared once with what the encoder proved.
    func seconds(runs: Int) throws -> Double {
        for position in shapes.indices {
            guard FastHash.checksum(try chunk(position)) == trial.checksums[position] else {
                throw BenchmarkFailure("chunk \(position) decodes to other bytes than the encoder saw")
            }
        }
        return try fastest(of: runs) {
            for position in shapes.indices { _ = try chunk(position) }
        }
    }

    /// Each codec's decoding beside a copy of what it puts out.
    static func report(size: Int, runs: Int) throws -> Report {
        let delta = SyntheticDelta(rows: size, columns: size, seed: 1)
        let bytes = delta.base.count
        var target = [UInt8](repeating: 0, count: bytes)
        let copy = fastest(of: runs + 1) {
            target.withUnsafeMutableBytes { target in delta.fineTuned.withUnsafeBytes { target.copyMemory(from: $0) } }
        }
        var rows: [[Cell]] = [["memcpy", .none, .none, .speed(bytes, copy), .ratio(copy, copy)]]
        var cases = LossyCases()
        cases.rows = size
        cases.columns = size
        for item in cases.speed where !item.isSlow && item.codec != .drop {
            let trial = try LossyTrial(item.method(), delta)
            let seconds = try LossyDecoding(trial, delta).seconds(runs: runs)
            let bits = trial.bits(of: delta.weights, withRecords: true)
            rows.append([
                Cell(item.name), Cell(bits, "bits/weight", digits: 3), Cell(16 / bits, "ratio", digits: 1),
                .speed(bytes, seconds), .ratio(copy, seconds),
            ])
        }
        return Report(
            title: "Lossy codecs: decode and add to the base, one thread, one BF16 tensor of \(size) x \(size)",
            notes: [
                "GB/s of output, fastest of \(runs) passes; the base's bytes are in memory",
                "bits: streams and records, for a weight",
            ],
            columns: ["codec", "bits", "ratio", "decode GB/s", "decode /memcpy"], rows: rows)
    }
}
