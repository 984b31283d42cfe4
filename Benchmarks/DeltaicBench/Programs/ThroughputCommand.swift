import ArgumentParser
import Foundation

/// Register and pull as a user runs them, against copying, hashing and compressing the same files.
struct ThroughputCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughput",
        abstract: "Register and pull in GB/s of raw bytes, warm and cold, on one and two cores, against cp and zstd.")

    @OptionGroup var input: BenchmarkModels

    @Option(help: "A made-up BF16 pair of so many MB instead of the real ones.")
    var synthetic: Int?

    @Option(
        help: "Where copies and registries are put: about ten times the size of a model; on a disk, or nothing is cold."
    )
    var scratch: String?

    @Option(help: "The runs of each command; the fastest counts.")
    var runs = 3

    @Flag(help: "Files in the page cache only.")
    var warmOnly = false

    @Option(help: "Also write the figures to this file.")
    var json: String?

    func run() throws {
        var reports: [Report] = []
        for pair in try pairs() {
            let folder = try ScratchFolder(in: scratch)
            let measurement = try ThroughputMeasurement(pair.make(folder), folder: folder)
            for isCold in warmOnly ? [false] : [false, true] {
                let report = try measurement.report(name: pair.name, runs: runs, isCold: isCold)
                report.print()
                reports.append(report)
            }
        }
        if let json { try JSONFile.write(reports, to: json) }
    }

    private struct Source {
        let name: String
        let make: (ScratchFolder) throws -> ThroughputMeasurement.Models
    }

    private func pairs() throws -> [Source] {
        if let synthetic {
            return [
                Source(name: "synthetic BF16") { folder in
                    let models = ThroughputMeasurement.Models(
                        base: folder.path("base"), fineTune: folder.path("fine-tune"))
                    try SyntheticModel(bytes: synthetic * 1_000_000).write(
                        base: models.base, fineTune: models.fineTune)
                    return models
                }
            ]
        }
        return try input.pairs().map { pair in
            Source(name: pair.name) { _ in ThroughputMeasurement.Models(base: pair.base, fineTune: pair.fineTune) }
        }
    }
}
