import ArgumentParser
import Foundation

/// Register and pull as a user runs them, against copying and compressing the same files.
struct ThroughputCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughput",
        abstract: "Register and pull in GB/s of raw bytes, at one and two threads, against cp and zstd -3 -T2.")

    @OptionGroup var input: BenchmarkModels

    @Option(help: "Also write the figures to this file.")
    var json: String?

    @Option(help: "The runs of each command; the fastest counts.")
    var runs = 3

    private struct Step {
        let name: String
        let run: (_ scratch: ScratchFolder) throws -> MeasuredProcess
    }

    func run() throws {
        let reports = try input.pairs().map { try measure($0) }
        try Report.finish(reports, json: json)
    }

    private func measure(_ pair: BenchmarkModels.Pair) throws -> Report {
        let raw = try bytes(below: pair.fineTune)
        let weights = pair.fineTune + "/model.safetensors"
        var steps = [
            Step(name: "cp -r") { try .run(["cp", "-r", pair.fineTune, $0.path("copy")]) },
            Step(name: "sha256sum of the weights, one core") { _ in try .run(["sha256sum", weights]) },
            Step(name: "zstd -3 -T2 of the weights") {
                try .run(["zstd", "-q", "-3", "-T2", "-o", $0.path("w.zst"), weights])
            },
            Step(name: "zstd -d of the weights") { scratch in
                _ = try MeasuredProcess.run(["zstd", "-q", "-3", "-T2", "-o", scratch.path("w.zst"), weights])
                return try .run(["zstd", "-q", "-d", "-o", scratch.path("w"), scratch.path("w.zst")])
            },
        ]
        for threads in [1, 2] {
            let pinned = threads == 1 ? ["taskset", "-c", "0"] : []
            let deltaic = { (scratch: ScratchFolder, arguments: [String]) -> [String] in
                pinned + [MeasuredProcess.deltaic] + arguments + ["--registry", scratch.path("registry")]
            }
            let number = ["--threads", "\(threads)"]
            let label = threads == 1 ? "one core" : "two cores"
            let prepare = { (scratch: ScratchFolder, withTune: Bool) throws in
                _ = try MeasuredProcess.run([MeasuredProcess.deltaic, "init", "--registry", scratch.path("registry")])
                _ = try MeasuredProcess.run(deltaic(scratch, ["base", "add", pair.base, "--name", "base"]))
                guard withTune else { return }
                _ = try MeasuredProcess.run(
                    deltaic(scratch, ["register", pair.fineTune, "--name", "tune", "--base", "base"]))
            }
            steps += [
                Step(name: "base add, \(label)") { scratch in
                    _ = try MeasuredProcess.run(
                        [MeasuredProcess.deltaic, "init", "--registry", scratch.path("registry")])
                    return try .run(deltaic(scratch, ["base", "add", pair.fineTune, "--name", "base"] + number))
                },
                Step(name: "register, \(label)") { scratch in
                    try prepare(scratch, false)
                    return try .run(
                        deltaic(scratch, ["register", pair.fineTune, "--name", "tune", "--base", "base"] + number))
                },
                Step(name: "pull, \(label)") { scratch in
                    try prepare(scratch, true)
                    return try .run(deltaic(scratch, ["pull", "tune", "--output", scratch.path("pulled")] + number))
                },
            ]
        }
        var fastest: [(name: String, process: MeasuredProcess)] = []
        for step in steps {
            let measured = try (0..<runs).map { _ in try step.run(ScratchFolder(in: nil)) }
            if let best = measured.min(by: { $0.seconds < $1.seconds }) { fastest.append((step.name, best)) }
        }
        let copy = fastest[0].process.seconds
        let zstd = fastest[2].process.seconds
        return Report(
            title: "Throughput, \(pair.name) pair",
            notes: [
                "GB/s of raw bytes (\(megabytes(raw))), files in the page cache, fastest of \(runs)",
                "register and base add include fsync, two SHA-256 of every byte and a proof by decoding; pull one SHA-256",
            ],
            columns: ["command", "GB/s", "CPU s", "peak memory", "time / cp", "time / zstd -3 -T2"],
            rows: fastest.map { name, process in
                [
                    name, gigabytesPerSecond(raw, process.seconds), String(format: "%.2f", process.cpuSeconds),
                    megabytes(process.peakMemory), ratio(process.seconds, copy), ratio(process.seconds, zstd),
                ]
            })
    }
}
