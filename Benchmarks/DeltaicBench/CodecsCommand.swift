import ArgumentParser
import DeltaCodecs
import DeltaicCore
import Foundation
import PackFormat
import TensorFiles

/// The codecs alone, in memory and on one thread, beside zstd on the same bytes.
struct CodecsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codecs", abstract: "Each codec's encode and decode in GB/s on one thread, beside zstd -3.")

    @OptionGroup var input: BenchmarkModels

    @Option(help: "Also write the figures to this file.")
    var json: String?

    private struct Chunk {
        let input: ChunkInput
        let alone: ChunkInput
    }

    func run() throws {
        AllocatorTuning.keepChunkBuffers()
        var rows: [[String]] = []
        for pair in try input.pairs() {
            let chunks = try chunks(pair)
            let raw = chunks.reduce(0) { $0 + $1.input.raw.count }
            try measure("\(pair.name) exact", chunks.map(\.input), raw: raw, codec: ExactDeltaCodec(), &rows)
            try measure("\(pair.name) solo", chunks.map(\.alone), raw: raw, codec: SoloCodec(), &rows)
            let coder = ZstdStream()
            var streams: [EncodedStream] = []
            let encode = try time { streams = try chunks.map { try coder.encode($0.input.raw, effort: .matches) } }
            let decode = try time { for stream in streams { _ = try coder.decode(stream, limit: 1 << 22) } }
            row("\(pair.name) zstd -3", raw, streams.reduce(0) { $0 + $1.bytes.count }, encode, decode, &rows)
        }
        try Report.finish(
            [
                Report(
                    title: "Codecs on one thread, chunks of 2 MiB in memory",
                    notes: ["GB/s of raw bytes, fastest of 3; tensors of the real fine-tune"],
                    columns: ["codec", "stored", "encode", "decode"], rows: rows)
            ], json: json)
    }

    private func measure(
        _ name: String, _ chunks: [ChunkInput], raw: Int, codec: some TensorCodec, _ rows: inout [[String]]
    ) throws {
        let coder = ZstdStream()
        var encoded: [[EncodedStream]] = []
        let encode = try time { encoded = try chunks.map { try codec.encode($0, coder: coder) } }
        let decode = try time {
            for (chunk, streams) in zip(chunks, encoded) {
                let bytes = try codec.decode(streams, shape: chunk.shape, base: chunk.base, coder: coder)
                guard equalBytes(bytes, chunk.raw) else { throw BenchmarkFailure("\(name) does not round-trip") }
            }
        }
        let stored = encoded.reduce(0) { $0 + $1.reduce(0) { $0 + $1.bytes.count } }
        row(name, raw, stored, encode, decode, &rows)
    }

    private func row(
        _ name: String, _ raw: Int, _ stored: Int, _ encode: Double, _ decode: Double, _ rows: inout [[String]]
    ) {
        rows.append([
            name, percent(stored, of: raw), gigabytesPerSecond(raw, encode), gigabytesPerSecond(raw, decode),
        ])
    }

    private func time(_ body: () throws -> Void) throws -> Double {
        let seconds = try (0..<3).map { _ in try ContinuousClock().measure(body) / .seconds(1) }
        return seconds.min() ?? 0
    }

    private func chunks(_ pair: BenchmarkModels.Pair) throws -> [Chunk] {
        let base = try NamedTensor.all(in: ModelDirectory.open(pair.base))
        return try NamedTensor.all(in: ModelDirectory.open(pair.fineTune)).sorted { $0.key < $1.key }.flatMap {
            name, tensor -> [Chunk] in
            guard let partner = base[name], partner.entry.shape == tensor.entry.shape else { return [] }
            let entry = tensor.entry
            let raw = try tensor.file.read(entry.bytes)
            let other = try partner.file.read(partner.entry.bytes)
            let grid = ChunkGrid(elementCount: entry.shape.elementCount, width: entry.type.width)
            return (0..<grid.chunkCount).map { position in
                let bytes = grid.bytes(of: position)
                let elements = grid.elements(of: position)
                let shape = ChunkShape(type: entry.type, elementCount: elements.count)
                let row = entry.shape.rowLength
                let offset = elements.lowerBound % row
                return Chunk(
                    input: ChunkInput(
                        raw: Array(raw[bytes]), shape: shape, rowLength: row, rowOffset: offset,
                        base: Array(other[bytes])),
                    alone: ChunkInput(raw: Array(raw[bytes]), shape: shape, rowLength: row, rowOffset: offset))
            }
        }
    }
}
