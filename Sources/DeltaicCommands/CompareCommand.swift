internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Registry

/// `deltaic compare`: what codecs would make of a model.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Show what lossy codecs would store of a fine-tune, and what they would cost.",
        discussion: """
            Every codec is run with its own settings, or at every ratio that is named, and nothing is registered. With \
            --command the model and each reconstruction are scored as `deltaic evaluate` does; without, a score is shown \
            where a version with exactly the same files was evaluated.
            """)

    @Argument(
        help: ArgumentHelp("A model folder, or one .safetensors file.", valueName: "dir|file"), completion: .file())
    var path: String

    @Option(help: ArgumentHelp("The base that it is a fine-tune of.", valueName: "name[@v|:tag]"))
    var base: String

    @Option(help: ArgumentHelp("The codecs, with commas between (\(Recipe.codecNames)).", valueName: "a,b,c"))
    var codecs: String

    @Option(help: ArgumentHelp("Ratios of the whole safetensors files, with commas between.", valueName: "r,s"))
    var ratios: String?

    @Option(help: ArgumentHelp("Ratios of the linear layers, with commas between.", valueName: "r,s"))
    var ratiosLinear: String?

    @Option(
        help: ArgumentHelp(
            "What becomes of embeddings (default: what `register` does: exact, but lossy for seeded-sign at a ratio of the file).",
            valueName: "choice"))
    var embeddings: Recipe.Choice?

    @Option(help: ArgumentHelp("Score the model and each reconstruction with this command.", valueName: "text"))
    var command: String?

    @Option(help: ArgumentHelp("What random masks are drawn from.", valueName: "number"))
    var seed: UInt64 = 0

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        if ratios != nil, ratiosLinear != nil { throw ValidationError("give --ratios or --ratios-linear, not both") }
        if ratios != nil || ratiosLinear != nil, names.contains("drop") {
            throw ValidationError("drop takes nothing, so no ratio can be asked of it: compare it without ratios")
        }
    }

    func run() async throws {
        let goals: [(String, LossyRequest.Goal)] =
            if let ratios {
                try numbers(ratios).map { ("\(NumberFormat.significant($0, 6))x", .ratio($0)) }
            } else if let ratiosLinear {
                try numbers(ratiosLinear).map { ("\(NumberFormat.significant($0, 6))x linear", .linearRatio($0)) }
            } else {
                [("settings", .settings)]
            }
        var requests: [(codec: String, goal: String, request: LossyRequest)] = []
        for codec in names {
            for (text, goal) in goals {
                let request = try LossyRequest(codec: codec, embeddings: embeddings, goal: goal, seed: seed)
                requests.append((codec, text, request))
            }
        }
        guard !requests.isEmpty else { throw ValidationError("--codecs names none") }
        let registration = Registration(name: try ModelName("compare"), base: try VersionReference(base))
        let comparison = try await global.openForReading(threads: threads).compareCodecs(
            path, as: registration, requests: requests, command: command)
        try output.write(comparison) { comparison.lines(width: $0) }
    }

    private var names: [String] {
        codecs.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",").map { part in
            guard let number = Double(part.trimmingCharacters(in: .whitespaces)), number > 1, number.isFinite else {
                throw ValidationError("\"\(part)\" is no ratio greater than 1")
            }
            return number
        }
    }
}

extension CodecComparison {
    fileprivate func lines(width: Int?) -> [String] {
        var table = TextTable([
            .text("codec"), .text("goal"), .number("stored"), .number("file"), .number("linear"), .number("bits"),
            .number("kept"), .number("error"), .number("cosine"), .number("signs"), .number("score"),
        ])
        for row in rows {
            guard let report = row.report else {
                table.add([row.codec, row.goal] + Array(repeating: "-", count: 9))
                continue
            }
            let quality = report.quality()
            let elements = report.tensors.reduce(0) { $0 + $1.elements }
            let stored = report.tensors.reduce(0) { $0 + $1.storedBytes }
            table.add([
                row.codec, row.goal, ByteFormat.text(report.sizes.weightStoredBytes),
                report.sizes.fileRatio.map { NumberFormat.ratio($0) } ?? "-",
                report.sizes.linearRatio.map { NumberFormat.ratio($0) } ?? "-",
                elements > 0 ? NumberFormat.fixed(Double(stored) * 8 / Double(elements), 3) : "-",
                quality.projection.map { NumberFormat.fixed($0, 3) } ?? "-",
                quality.relativeError.map { NumberFormat.fixed($0, 4) } ?? "-",
                quality.cosine.map { NumberFormat.fixed($0, 3) } ?? "-",
                quality.signAgreement.map { NumberFormat.fixed($0, 3) } ?? "-",
                row.score.map { NumberFormat.significant($0, 5) } ?? "-",
            ])
        }
        let failures = rows.compactMap { row in row.failure.map { "\(row.codec) at \(row.goal): \($0)" } }
        return table.lines(width: width)
            + (originalScore.map { ["", "score of the model itself: \(NumberFormat.significant($0, 5))"] } ?? [])
            + (failures.isEmpty ? [] : [""] + failures)
    }
}
