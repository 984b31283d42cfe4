import ArgumentParser
import DeltaicCore
import Foundation

/// Instructions of codecs and kernels, which tell a change from noise where time does not.
struct InstructionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instructions",
        abstract: "Instructions per byte of codecs and kernels under valgrind, against the committed baseline.")

    @Flag(
        help: "Fail if a case needs 3 % more than the baseline; without comparing where other libraries are installed.")
    var check = false

    @Flag(help: "Make these figures the baseline.")
    var write = false

    @Option(help: "The baseline.")
    var baseline = InstructionBaseline.path

    @Option(help: "Also write the figures to this file.")
    var json: String?

    func run() throws {
        let conditions = InstructionBaseline.Conditions.current
        guard conditions.valgrind != nil else {
            throw BenchmarkFailure("valgrind is not installed: scripts/setup.sh valgrind")
        }
        let before = try InstructionBaseline.read(baseline)
        guard before != nil || !check else {
            throw BenchmarkFailure("\(baseline) is not there: DeltaicBench instructions --write makes it")
        }
        let isComparable = before?.conditions == conditions
        if check, !write, let before, !isComparable {
            print("not comparable: \(baseline) was measured with \(before.conditions),\n  this is \(conditions)")
            return
        }
        let figures = try InstructionCount.perByte()
        let known = isComparable ? before?.instructionsPerByte ?? [:] : [:]
        try Report.finish([report(figures, known)], json: json)
        if write {
            try JSONFile.write(
                InstructionBaseline(
                    conditions: conditions,
                    instructionsPerByte: Dictionary(uniqueKeysWithValues: figures.map { ($0.name, rounded($0.value)) })),
                to: baseline)
        }
        guard check, !write else { return }
        let differing = Set(known.keys).symmetricDifference(figures.map(\.name)).sorted()
        guard differing.isEmpty else {
            throw BenchmarkFailure(
                "\(baseline) and the cases differ in " + differing.joined(separator: "; ")
                    + "\nDeltaicBench instructions --write takes the cases as they are")
        }
        let worse = figures.filter { name, value in
            known[name].map { value > $0 * (1 + InstructionBaseline.tolerance / 100) } ?? false
        }
        guard worse.isEmpty else {
            throw BenchmarkFailure(
                "these need over \(InstructionBaseline.tolerance) % more instructions than \(baseline): "
                    + worse.map(\.name).joined(separator: "; ")
                    + "\nif that is meant: DeltaicBench instructions --write, and say why in the commit")
        }
    }

    private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

    private func report(_ figures: [(name: String, value: Double)], _ known: [String: Double]) -> Report {
        Report(
            title: "Instructions per raw byte",
            notes: [
                "one thread under valgrind, which shows programs no more than AVX2; of later runs in a process, so that"
                    + " setting up counts nothing",
                known.isEmpty ? "no baseline of these libraries and this compiler" : "change: against \(baseline)",
            ],
            columns: ["case", "now", "baseline", "change %"],
            rows: figures.map { name, value in
                let before = known[name]
                return [
                    Cell(name), Cell(value, "instructions/byte", digits: 3),
                    before.map { Cell($0, "instructions/byte", digits: 3) } ?? .none,
                    before.map { Cell(100 * (value / $0 - 1), "%", digits: 2) } ?? .none,
                ]
            })
    }
}

/// Runs one case, for valgrind to count.
struct InstructionsChildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instructions-child", abstract: "One case of `instructions`.", shouldDisplay: false)

    @Option var name: String
    @Option var repeats: Int

    func run() throws {
        AllocatorTuning.keepChunkBuffers()
        guard let item = InstructionCase.all.first(where: { $0.name == name }) else {
            throw BenchmarkFailure("there is no case \"\(name)\"")
        }
        let work = try item.prepare()
        for _ in 0..<repeats { try work.run() }
    }
}
