import ArgumentParser
import DeltaicCore
import Foundation
import Registry

/// How cost grows with the size of a model, and with the number of models.
struct ScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Register and pull against the size of a model, and against the number of models.")

    @Option(parsing: .upToNextOption, help: "The sizes of made-up models, in GB; 0 for none.")
    var sizes: [Double] = [0.1, 0.5, 2, 8]

    @Option(parsing: .upToNextOption, help: "The numbers of fine-tunes of one small base; 0 for none.")
    var counts: [Int] = [10, 100, 1000]

    @Option(help: "Where models and registries are put: about five times the largest size.")
    var scratch: String?

    @Option(help: "Also write the figures to this file.")
    var json: String?

    func run() async throws {
        var reports: [Report] = []
        let (sizes, counts) = (sizes.filter { $0 > 0 }.sorted(), counts.filter { $0 > 0 }.sorted())
        if !sizes.isEmpty { reports.append(try bySize(sizes)) }
        if !counts.isEmpty { reports.append(try await byCount(counts)) }
        try Report.finish(reports, json: json)
    }

    private func bySize(_ sizes: [Double]) throws -> Report {
        var rows: [[Cell]] = []
        for size in sizes {
            let folder = try ScratchFolder(in: scratch)
            try SyntheticModel(bytes: Int(size * 1e9)).write(base: folder.path("base"), fineTune: folder.path("tune"))
            let raw = try bytes(below: folder.path("tune"))
            let program = DeltaicProgram(registry: folder.path("registry"))
            try program.make(base: folder.path("base"))
            let register = ["register", folder.path("tune"), "--base", "base", "--name"]
            func row(_ name: String, _ arguments: [String]) throws {
                let process = try MeasuredProcess.run(program.command(arguments, cores: .two))
                rows.append([
                    .init(size, "GB", digits: 1), Cell(name), .seconds(process.seconds), .speed(raw, process.seconds),
                    .init(process.cpuSeconds / (Double(raw) / 1e9), "s/GB", digits: 2),
                    .mebibytes(process.peakMemory),
                ])
            }
            try row("register exact", register + ["exact"])
            try row("pull exact", ["pull", "exact", "--output", folder.path("pulled")])
            try DeltaicProgram.compare(folder.path("pulled"), with: folder.path("tune"))
            try FileManager.default.removeItem(atPath: folder.path("pulled"))
            try row("register lossy", register + ["lossy"] + DeltaicProgram.lossy)
            try row("pull lossy", ["pull", "lossy", "--output", folder.path("pulled")])
        }
        return Report(
            title: "Cost against the size of a model",
            notes: [
                "made-up BF16 models, one run of each command on two cores; exact pulls were compared byte for byte",
                "lossy: seeded-sign, \(DeltaicProgram.lossy.suffix(2).joined(separator: " "))",
            ],
            columns: ["size GB", "command", "seconds", "GB/s", "CPU s/GB", "peak memory MiB"], rows: rows)
    }

    private func byCount(_ counts: [Int]) async throws -> Report {
        AllocatorTuning.keepChunkBuffers()
        let folder = try ScratchFolder(in: scratch)
        try ModelRegistry.create(at: folder.path("registry"))
        let registry = try ModelRegistry(path: folder.path("registry"))
        let model = try SmallModel(tensors: 16, rows: 4096, seed: 1)
        try model.write(to: folder.path("base"))
        _ = try await registry.addBase(folder.path("base"), as: Registration(name: ModelName("base")))
        let base = try VersionReference("base")
        let first = try registry.savings()
        var done = 0
        var rows: [[Cell]] = []
        for count in counts {
            let (from, before) = (done, try registry.savings())
            var seconds = 0.0
            while done < count {
                try model.writeFineTune(done, moving: 0..<16, to: folder.path("tune"))
                let registration = Registration(name: try ModelName("lab/tune-\(done)"), base: base)
                let start = ContinuousClock.now
                _ = try await registry.register(folder.path("tune"), as: registration)
                seconds += (ContinuousClock.now - start) / .seconds(1)
                done += 1
            }
            guard done > from else { continue }
            let list = try QueryTimes(runs: 20) { _ = try registry.list() }
            let savings = try QueryTimes(runs: 20) { _ = try registry.savings() }
            let after = try registry.savings()
            let added = Double(done - from)
            rows.append([
                .count(count), .milliseconds(seconds / added), .milliseconds(list.median),
                .milliseconds(savings.median),
                .init(Double(after.storedBytes - before.storedBytes) / added / 1e3, "kB", digits: 1),
                .init(Double(after.catalogBytes - first.catalogBytes) / Double(done) / 1e3, "kB", digits: 1),
            ])
        }
        return Report(
            title: "Cost against the number of models",
            notes: [
                String(
                    format: "fine-tunes of one base of %.2f MB and 16 tensors, in one process, one after the other",
                    Double(model.byteCount) / 1e6),
                "register and stored: means of those that were added since the row before; list and savings: medians",
                "catalog: its growth over all models, write-ahead log included",
            ],
            columns: ["models", "register ms", "list ms", "savings ms", "stored kB/model", "catalog kB/model"],
            rows: rows)
    }
}
