import ArgumentParser
import Foundation

/// Peak memory on a model that is larger than the budget.
struct MemoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "Peak memory of base add, register, pull and verify on a large synthetic model.")

    @Option(help: "The size of the model, in MB.")
    var megabytes = 4000

    @Option(help: "Where the model and the registry are put; about five times the size is needed.")
    var scratch: String?

    @Option(help: "Fail if a command needs more than so many MiB.")
    var limit = 512

    @Option(help: "Also write the figures to this file.")
    var json: String?

    func run() throws {
        let folder = try ScratchFolder(in: scratch)
        let program = DeltaicProgram(registry: folder.path("registry"))
        let model = SyntheticModel(bytes: megabytes * 1_000_000)
        try model.write(base: folder.path("base"), fineTune: folder.path("tune"))
        let raw = try bytes(below: folder.path("base"))
        var rows: [[Cell]] = []
        var peak = 0
        func measure(_ name: String, _ arguments: [String]) throws {
            let process = try program.run(arguments)
            peak = max(peak, process.peakMemory)
            rows.append([
                Cell(name), .mebibytes(process.peakMemory), .seconds(process.seconds), .speed(raw, process.seconds),
            ])
        }
        try measure("init", ["init"])
        try measure("base add", ["base", "add", folder.path("base"), "--name", "base"])
        try measure("register", ["register", folder.path("tune"), "--name", "tune", "--base", "base"])
        try measure("pull", ["pull", "tune", "--output", folder.path("pulled")])
        try DeltaicProgram.compare(folder.path("pulled"), with: folder.path("tune"))
        try FileManager.default.removeItem(atPath: folder.path("pulled"))
        try measure("verify", ["verify", "--data"])
        try Report.finish(
            [
                Report(
                    title: "Peak memory, a synthetic BF16 model of \(megabytes) MB and a fine-tune of it",
                    notes: ["largest resident set of the process; the pulled shards were compared with the originals"],
                    columns: ["command", "peak memory MiB", "seconds", "GB/s"], rows: rows)
            ], json: json)
        guard peak <= limit << 20 else {
            throw BenchmarkFailure("a command needed \(peak >> 20) MiB; the limit is \(limit) MiB")
        }
    }
}
