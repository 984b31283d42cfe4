import ArgumentParser
import Foundation

/// All benchmarks, one after the other.
struct SuiteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suite",
        abstract: "All benchmarks in order, each in a process of its own, with one file of figures.")

    @Flag(help: "Smaller sizes and fewer runs: some minutes.")
    var quick = false

    @Option(help: "The folder that scripts/models.sh filled; without it only made-up models are measured.")
    var models: String?

    @Option(help: "A Python with zipnn, hf_xet and numpy, for peers and for HTTP.")
    var python: String?

    @Option(help: "Where made-up models and registries are put; on a disk, or nothing is cold.")
    var scratch: String?

    @Option(parsing: .upToNextOption, help: "Only these parts.")
    var only: [String] = []

    @Option(help: "Write all figures, and what they were measured on, to this file.")
    var json: String?

    func run() throws {
        let machine = Machine.current
        machine.print()
        for (what, value) in [("--models", models), ("--python", python)] where value == nil {
            print("note: without \(what) some parts are left out")
        }
        let parts = SuitePart.all(isQuick: quick, models: models, python: python, scratch: scratch)
        let unknown = Set(only).subtracting(parts.map(\.name)).sorted()
        guard unknown.isEmpty else {
            throw BenchmarkFailure(
                "no such part, or not without --models and --python: \(unknown.joined(separator: ", "))"
                    + "\nthere are \(parts.map(\.name).joined(separator: ", "))")
        }
        var outcomes: [[String: Any]] = []
        var failures: [String] = []
        for part in parts where only.isEmpty || only.contains(part.name) {
            print("\n== \(part.name)")
            fflush(nil)
            let outcome = try part.run()
            if let failure = outcome.failure {
                failures.append("\(part.name) \(failure)")
                print("not measured in full: \(part.name) \(failure)")
            }
            print(String(format: "(%.0f s)", outcome.seconds))
            outcomes.append([
                "name": part.name, "command": part.command.joined(separator: " "), "seconds": outcome.seconds,
                "failure": outcome.failure ?? NSNull(), "figures": outcome.figures ?? NSNull(),
            ])
            // What there is so far: a run of an hour may end early.
            if let json { try write(outcomes, machine, to: json) }
        }
        guard failures.isEmpty else { throw BenchmarkFailure(failures.joined(separator: "\n")) }
    }

    private func write(_ outcomes: [[String: Any]], _ machine: Machine, to path: String) throws {
        let description = try JSONSerialization.jsonObject(with: JSONEncoder().encode(machine))
        let all: [String: Any] = ["machine": description, "quick": quick, "parts": outcomes]
        try JSONSerialization.data(
            withJSONObject: all, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        ).write(to: URL(filePath: path))
    }
}
