import ArgumentParser
import DeltaicCore
import Foundation
import Registry

/// Questions to a registry of many models.
struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "list, show, savings and the console's pages on 10,000 models with 3 million tensors, in ms.")

    @Option(help: "The number of models.")
    var modelCount = 10_000

    @Option(help: "The tensors of each.")
    var tensors = 300

    @Option(help: "How often each question is asked.")
    var runs = 200

    @Option(help: "Where the registry is put (default: in memory, where the system has such a folder).")
    var scratch: String?

    @Option(help: "Also write the figures to this file.")
    var json: String?

    private static let bases = 10
    private static let tasks = 20

    func run() async throws {
        AllocatorTuning.keepChunkBuffers()
        let memory = "/dev/shm"
        let folder = try ScratchFolder(
            in: scratch ?? (FileManager.default.isWritableFile(atPath: memory) ? memory : nil))
        let start = ContinuousClock.now
        try await fill(folder)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let registry = try ModelRegistry(
            path: folder.path("registry"), options: ModelRegistry.Options(isReadOnly: true))
        let savings = try registry.savings()
        let notes = [
            "\(modelCount) models of \(tensors) tensors, registered in \(Int(seconds)) s through the library, one after the"
                + " other: \(Self.bases) bases, \(Self.tasks) tasks, fine-tunes in which one tensor moved",
            String(
                format: "%d versions, catalog of %.1f MB, packs of %.1f MB", savings.versions,
                Double(savings.catalogBytes) / 1e6, Double(savings.storedBytes) / 1e6),
        ]
        try Report.finish(
            [
                try inProcess(registry, notes: notes), try asCommands(folder, notes: notes),
                try ConsolePageTimes(
                    registry: folder.path("registry"), model: Self.name(modelCount / 2),
                    base: "base-\(modelCount / 2 % Self.bases)", runs: max(5, runs / 4)
                ).report(notes: notes),
            ], json: json)
    }

    /// Really registered, not written into tables: rows, journal and packs are those of a registry in use.
    private func fill(_ folder: ScratchFolder) async throws {
        try ModelRegistry.create(at: folder.path("registry"))
        let registry = try ModelRegistry(path: folder.path("registry"))
        let models = try (0..<Self.bases).map { try SmallModel(tensors: tensors, rows: 1, seed: UInt64($0 + 1)) }
        for (number, model) in models.enumerated() {
            try model.write(to: folder.path("base"))
            _ = try await registry.addBase(folder.path("base"), as: Registration(name: ModelName("base-\(number)")))
        }
        for number in 0..<max(0, modelCount - Self.bases) {
            let base = number % Self.bases
            try models[base].writeFineTune(number, moving: [number % tensors], to: folder.path("tune"))
            let registration = Registration(
                name: try ModelName(Self.name(number)), base: try VersionReference("base-\(base)"),
                task: "task-\(number % Self.tasks)", tags: number % 4 == 0 ? ["prod"] : [])
            _ = try await registry.register(folder.path("tune"), as: registration)
        }
    }

    private static func name(_ number: Int) -> String { "lab-\(number % 50)/tune-\(number)" }

    private func inProcess(_ registry: ModelRegistry, notes: [String]) throws -> Report {
        let some = Self.name(modelCount / 2)
        let model = try ModelName(some)
        let version = try VersionReference(some)
        var rows: [[Cell]] = []
        func ask(_ name: String, every part: Int = 1, _ body: () throws -> Void) throws {
            let times = try QueryTimes(runs: max(5, runs / part), body)
            rows.append([
                Cell(name), .count(times.count), .milliseconds(times.median), .milliseconds(times.quantile(0.99)),
                .milliseconds(times.worst),
            ])
        }
        func page(_ change: (inout ListFilter) throws -> Void) throws {
            var filter = ListFilter(limit: 100)
            try change(&filter)
            _ = try registry.page(filter)
        }
        try ask("list, first 100 by name") { try page { _ in } }
        try ask("list, 100 newest") { try page { $0.order = ListOrder(.created, descending: true) } }
        try ask("list, 100 largest") { try page { $0.order = ListOrder(.stored, descending: true) } }
        try ask("list, 100 of a base") { try page { $0.base = try ModelName("base-3") } }
        try ask("list, 100 of a task") { try page { $0.task = "task-7" } }
        try ask("list, 100 with a tag") { try page { $0.tag = "prod" } }
        try ask("list, 100 whose name has 77 in it") { try page { $0.search = "77" } }
        try ask("list, all \(modelCount)", every: 10) { _ = try registry.list() }
        try ask("one model") { _ = try registry.listing(of: model) }
        try ask("show, \(tensors) tensors") { _ = try registry.describe(version) }
        try ask("log") { _ = try registry.log(of: model) }
        try ask("savings by base") { _ = try registry.savings(by: .base) }
        try ask("savings by task") { _ = try registry.savings(by: .task) }
        try ask("savings by model, \(modelCount) rows", every: 10) { _ = try registry.savings(by: .model) }
        return Report(
            title: "Catalog queries in a process that has the registry open", notes: notes,
            columns: ["question", "asked", "median ms", "p99 ms", "worst ms"], rows: rows)
    }

    private func asCommands(_ folder: ScratchFolder, notes: [String]) throws -> Report {
        let program = DeltaicProgram(registry: folder.path("registry"))
        let asked = max(5, runs / 10)
        var rows: [[Cell]] = []
        func ask(_ name: String, _ command: [String]) throws {
            let processes = try (0..<asked).map { _ in try MeasuredProcess.run(command) }
            let times = QueryTimes(processes.map(\.seconds))
            rows.append([
                Cell(name), .count(times.count), .milliseconds(times.median), .milliseconds(times.quantile(0.99)),
                .mebibytes(processes.map(\.peakMemory).max() ?? 0),
            ])
        }
        try ask("--version: start and end alone", [DeltaicProgram.path, "--version"])
        try ask("list --limit 100 --json", program.command(["list", "--limit", "100", "--json"]))
        try ask("list --json", program.command(["list", "--json"]))
        try ask("show --json", program.command(["show", Self.name(modelCount / 2), "--json"]))
        try ask("savings --by base --json", program.command(["savings", "--by", "base", "--json"]))
        try ask("savings --json", program.command(["savings", "--json"]))
        return Report(
            title: "Catalog queries as commands, each a process of its own", notes: notes,
            columns: ["command", "run", "median ms", "p99 ms", "peak memory MiB"], rows: rows)
    }
}
