import ArgumentParser
import DeltaicCore
import Foundation
import Registry
import TensorFiles

/// Bytes on the real models: whole packs against whole folders, and against BitX in the same run.
struct SizesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sizes", abstract: "Bytes of the real models: packs against folders, and against BitX.")

    @OptionGroup var input: BenchmarkModels

    @Option(help: "Also write the figures to this file.")
    var json: String?

    @Flag(help: "Fail if a figure is over the limit that the project promises.")
    var check = false

    private struct Limit {
        let what: String
        let value: Double
        let limit: Double
    }

    func run() async throws {
        AllocatorTuning.keepChunkBuffers()
        var rows: [[Cell]] = []
        var limits: [Limit] = []
        for pair in try input.pairs() {
            let scratch = try ScratchFolder(in: nil)
            try ModelRegistry.create(at: scratch.path("registry"))
            let registry = try ModelRegistry(path: scratch.path("registry"))
            let base = try await registry.addBase(pair.base, as: Registration(name: ModelName("base")))
            let reference = try VersionReference("base")
            let tune = try await registry.register(
                pair.fineTune, as: Registration(name: ModelName("tune"), base: reference))
            let bitX = try BitXReference.size(
                of: ModelDirectory.open(pair.fineTune), base: ModelDirectory.open(pair.base))
            try await prove(registry, "tune", equals: pair.fineTune, scratch: scratch)
            func row(_ name: String, _ version: VersionSummary, _ compared: Cell = .none, _ share: Cell = .none) {
                rows.append([
                    "\(pair.name) \(name)", .megabytes(version.rawBytes), .megabytes(version.storedBytes),
                    .percent(version.storedBytes, of: version.rawBytes), compared, share,
                ])
            }
            row("base alone", base.version)
            row(
                "fine-tune", tune.version, .percent(bitX, of: tune.version.rawBytes),
                .ratio(Double(tune.version.storedBytes), Double(bitX)))
            let promise = pair.name == "BF16" ? 17.2 : 40.5
            limits.append(share("\(pair.name) fine-tune", tune.version, promise))
            if pair.name == "BF16" { limits.append(share("BF16 base", base.version, 67.5)) }
            limits.append(
                Limit(
                    what: "\(pair.name) fine-tune against BitX",
                    value: Double(tune.version.storedBytes) / Double(bitX), limit: 0.78))
            let copy = pair.base + "-copy"
            if FileManager.default.fileExists(atPath: copy) {
                let result = try await registry.register(
                    copy, as: Registration(name: ModelName("copy"), base: reference))
                row("third-party copy of the base", result.version)
                limits.append(share("copy of the base", result.version, 1))
            }
        }
        try Report.finish(
            [
                Report(
                    title: "Bytes on the real models",
                    notes: [
                        "whole pack (payload, indices, headers, manifest, other files) of whole folder; every pull was compared",
                        "BitX: payload only, no container",
                    ],
                    columns: ["model", "folder MB", "pack MB", "of folder %", "BitX %", "pack /BitX"], rows: rows)
            ], json: json)
        guard check else { return }
        let broken = limits.filter { $0.value > $0.limit }
        for limit in limits {
            print(
                "  \(limit.value <= limit.limit ? "ok  " : "OVER") \(limit.what): \(String(format: "%.3f", limit.value)), limit \(limit.limit)"
            )
        }
        if !broken.isEmpty { throw BenchmarkFailure("\(broken.count) figures are over their limits") }
    }

    private func share(_ what: String, _ version: VersionSummary, _ limit: Double) -> Limit {
        Limit(
            what: "\(what), % of the folder", value: 100 * Double(version.storedBytes) / Double(version.rawBytes),
            limit: limit)
    }

    private func prove(
        _ registry: ModelRegistry, _ name: String, equals folder: String, scratch: ScratchFolder
    ) async throws {
        let output = scratch.path("pulled-\(name)")
        _ = try await registry.pull(VersionReference(name), to: output)
        for file in try ModelDirectory.open(folder).files {
            let pulled = FileManager.default.contents(atPath: output + "/" + file.path)
            guard pulled == FileManager.default.contents(atPath: file.absolutePath) else {
                throw BenchmarkFailure("\(file.path) of \(name) was not reconstructed bit for bit")
            }
        }
    }
}
