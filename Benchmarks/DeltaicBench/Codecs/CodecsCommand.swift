import ArgumentParser
import DeltaicCore
import Foundation

/// The codecs alone, in memory and on one thread, beside what else could be done with the same bytes.
struct CodecsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codecs",
        abstract: "Each codec's encode and decode in GB/s on one thread, beside memcpy, zstd, BitX and TensorX.")

    @OptionGroup var input: BenchmarkModels

    @Option(help: "The passes over all chunks; the fastest counts.")
    var runs = 5

    @Option(help: "Only the pairs and tables whose names begin so: FP32, BF16, FP16, synthetic, lossy.")
    var only = ""

    @Option(help: "The rows and columns of the synthetic matrices.")
    var size = 4096

    @Option(help: "Also write the figures to this file.")
    var json: String?

    func run() throws {
        AllocatorTuning.keepChunkBuffers()
        var reports: [Report] = []
        func show(_ report: Report) {
            report.print()
            reports.append(report)
        }
        var information: [CodecTable.Information] = []
        for pair in try sources() where pair.name.hasPrefix(only) {
            let table = try CodecTable(try pair.make(), runs: runs)
            show(table.report)
            if let found = table.information { information.append(found) }
        }
        if !information.isEmpty { show(CodecTable.Information.report(information)) }
        if "lossy".hasPrefix(only) { show(try LossyDecoding.report(size: size, runs: runs)) }
        if let json { try JSONFile.write(reports, to: json) }
    }

    private struct Source {
        let name: String
        let make: () throws -> ChunkedPair
    }

    /// One at a time is in memory.
    private func sources() throws -> [Source] {
        let pairs = try input.pairs()
        var sources = pairs.map { pair in
            Source(name: pair.name) { try ChunkedPair(pair, type: pair.type) }
        }
        if let pair = pairs.first(where: { $0.type == .float32 }) {
            sources.append(Source(name: "FP16") { try ChunkedPair(roundingToFP16: pair) })
        }
        return sources + [Source(name: "synthetic BF16") { try ChunkedPair(syntheticSize: size) }]
    }
}
