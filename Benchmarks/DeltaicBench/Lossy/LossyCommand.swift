import ArgumentParser
import DeltaicCore
import Foundation

/// The lossy codecs in memory: bytes against their papers' accounting, and speed.
struct LossyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lossy",
        abstract: "The lossy codecs: bytes against the published accounting, speed, and memory.")

    @Flag(help: "Fail if bytes are further from the accounting than the project promises.")
    var check = false

    @Flag(help: "Bytes only, without the codecs that decompose matrices: seconds.")
    var quick = false

    @Flag(help: "Also the bytes of delta-come on 11008 x 4096: minutes.")
    var wide = false

    @Flag(help: "Speed only.")
    var speedOnly = false

    @Option(help: "The tensors that speed is measured on.")
    var tensors = 4

    @Option(help: "Only the cases whose names begin so; svd for the decomposition alone.")
    var only = ""

    @Option(help: "The size of the matrix that is decomposed beside NumPy; 0 for none.")
    var svd = 4096

    @Option(help: "Also write the figures to this file.")
    var json: String?

    func run() throws {
        AllocatorTuning.keepChunkBuffers()
        let isWanted = { (item: LossyCase) in item.name.hasPrefix(only) && !(quick && item.isSlow) }
        var reports: [Report] = []
        var rows: [LossyBytes.Row] = []
        if !speedOnly {
            rows = try LossyBytes(cases: LossyCases().all(withWideSVD: wide && !quick).filter(isWanted)).measure()
            if !rows.isEmpty { reports.append(LossyBytes.report(rows)) }
        }
        if !quick {
            let cases = LossyCases().speed.filter(isWanted)
            if let report = try LossySpeed.report(cases, tensors: tensors) { reports.append(report) }
            if svd > 0 && "svd".hasPrefix(only) { reports.append(try DecompositionSpeed(size: svd).report()) }
        }
        try Report.finish(reports, json: json)
        guard check else { return }
        let broken = rows.compactMap(\.broken)
        guard broken.isEmpty else { throw BenchmarkFailure(broken.joined(separator: "\n")) }
        print("  ok: \(rows.count { $0.promise != nil }) rows are as near to their accounting as promised")
    }
}

/// Measures one codec, for the process that started it.
struct LossyChildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lossy-child", abstract: "One codec's speed, for `lossy`.", shouldDisplay: false)

    @Option var name: String
    @Option var tensors: Int
    @Option var json: String

    func run() throws {
        guard let item = LossyCases().speed.first(where: { $0.name == name }) else {
            throw BenchmarkFailure("there is no case \"\(name)\"")
        }
        let speed = try LossySpeed.measure(item, tensors: tensors)
        try JSONFile.write(speed, to: json)
    }
}
