import DeltaCodecs
import DeltaicCore
import Foundation
import PackFormat

/// The speed of one codec, measured in a process of its own, which tells its peak memory.
struct LossySpeed: Codable {
    let weights: Int
    /// Of planning and encoding with the proof, on two threads.
    let encodeSeconds: Double
    /// Of decoding one tensor on one thread, and its raw bytes.
    let decodeSeconds: Double
    let decodedBytes: Int
    /// The largest resident set of the process, in bytes.
    let peakMemory: Int

    /// Encodes tensors two at a time, then decodes one on one thread.
    static func measure(_ item: LossyCase, tensors: Int) throws -> LossySpeed {
        AllocatorTuning.keepChunkBuffers()
        let deltas = try twoAtATime(tensors) { index in
            SyntheticDelta(rows: item.rows, columns: item.columns, seed: UInt64(index + 1))
        }
        let method = try item.method()
        let start = ContinuousClock.now
        let trials = try twoAtATime(tensors) { try LossyTrial(method, deltas[$0]) }
        let encode = (ContinuousClock.now - start) / .seconds(1)
        return LossySpeed(
            weights: deltas.reduce(0) { $0 + $1.weights }, encodeSeconds: encode,
            decodeSeconds: try LossyDecoding(trials[0], deltas[0]).seconds(runs: 3), decodedBytes: deltas[0].base.count,
            peakMemory: try largestResidentSet())
    }

    /// As the process itself sees it: what its parent is told counts what the parent held when it started it.
    private static func largestResidentSet() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").compactMap({ Int($0) }).first else {
            throw BenchmarkFailure("/proc/self/status has no VmHWM")
        }
        return kilobytes * 1024
    }

    /// Every codec in a child process, and what the machine does with the same bytes.
    static func report(_ cases: [LossyCase], tensors: Int) throws -> Report? {
        let scratch = try ScratchFolder(in: nil)
        guard !cases.isEmpty else { return nil }
        var rows = try references()
        for item in cases {
            let count = item.isSlow ? min(2, tensors) : tensors
            let file = scratch.path("speed")
            _ = try MeasuredProcess.run([
                CommandLine.arguments[0], "lossy-child", "--name", item.name, "--tensors", "\(count)", "--json", file,
            ])
            let speed: LossySpeed = try JSONFile.read(file)
            let perWeight = speed.encodeSeconds * 1e9 / Double(speed.weights)
            rows.append([
                Cell(item.name), Cell(perWeight, "s/1e9 weights", digits: 1), Cell(2 * perWeight, "ns", digits: 1),
                .speed(speed.decodedBytes, speed.decodeSeconds), .megabytes(speed.peakMemory),
                .megabytes(4 * item.rows * item.columns * count),
            ])
        }
        return Report(
            title:
                "Speed of the lossy codecs, \(tensors) BF16 tensors of 4096 x 4096 (2 where matrices are decomposed)",
            notes: [
                "s/1e9: seconds for a billion weights on two threads, two tensors at a time: statistics, planning, encoding, proof by decoding",
                "decode: GB/s of output on one thread; peak memory of a process of its own, of which base and fine-tune in memory are the last column",
                "memory copy and zstd -3: one thread, on the fine-tune's bytes",
            ],
            columns: ["codec", "s/1e9", "ns/weight and core", "decode GB/s", "peak memory MB", "of it inputs MB"],
            rows: rows)
    }

    private static func references() throws -> [[Cell]] {
        let bytes = SyntheticDelta(rows: 4096, columns: 4096, seed: 1).fineTuned
        func row(_ name: String, _ encode: Double, _ decode: Double) -> [Cell] {
            let perWeight = encode * 1e9 / Double(bytes.count / 2)
            return [
                Cell(name), Cell(perWeight / 2, "s/1e9 weights", digits: 1), Cell(perWeight, "ns", digits: 1),
                .speed(bytes.count, decode), .none, .none,
            ]
        }
        var target = [UInt8](repeating: 0, count: bytes.count)
        let copy = fastest(of: 3) {
            target.withUnsafeMutableBytes { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } }
        }
        guard equalBytes(target, bytes) else { throw BenchmarkFailure("a copy in memory differs") }
        let coder = ZstdStream()
        let parts = stride(from: 0, to: bytes.count, by: 1 << 21).map {
            Array(bytes[$0..<min($0 + 1 << 21, bytes.count)])
        }
        var streams: [EncodedStream] = []
        let encode = try fastest(of: 3) { streams = try parts.map { try coder.encode($0, effort: .matches) } }
        let decode = try fastest(of: 3) { for stream in streams { _ = try coder.decode(stream, limit: 1 << 22) } }
        return [row("memory copy", copy, copy), row("zstd -3", encode, decode)]
    }
}
