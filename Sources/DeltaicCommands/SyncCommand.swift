internal import ArgumentParser
internal import DeltaicCore
internal import Registry
internal import RegistryClient

/// `deltaic sync`: makes two registries have the same versions.
struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Pull what is missing here from another registry, and push what is missing there.",
        discussion: """
            Bases come first. A model whose versions differ on the two sides is told of and left alone; the others go on, and the \
            status is 4 at the end. Tags that one side lacks are copied; one that names different versions stays as it is.
            """)

    @Argument(help: ArgumentHelp("The other registry; see `remote add`.", valueName: "remote"))
    var remote: String

    @Argument(help: ArgumentHelp("Only these models (default: all of both).", valueName: "name"))
    var models: [String] = []

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let names = try models.map { try ModelName($0) }
        let registry = try global.openForWriting(threads: threads)
        let report = try await registry.connected(to: remote) {
            try await SyncRegistries(registry, with: $0, progress: ProgressLine.onTerminal())
                .run(names.isEmpty ? nil : names)
        }
        try output.write(report) { report.lines(width: $0) }
        for model in report.models {
            for tag in model.tags where tag.outcome == .leftAlone { tag.writeNote() }
            if let problem = model.problem { StandardStreams.writeNote("error: \(model.model): \(problem)") }
        }
        if report.models.contains(where: { $0.problem != nil }) { throw ExitCode(ExitStatus.conflict.rawValue) }
    }
}

extension SyncReport {
    fileprivate func lines(width: Int?) -> [String] {
        guard !models.isEmpty else { return ["neither registry has a model"] }
        var table = TextTable([
            .name("model"), .name("pulled"), .name("pushed"), .number("moved"), .number("tags"), .text("state"),
        ])
        for model in models {
            table.add([
                model.model, Self.text(model.pulled), Self.text(model.pushed), ByteFormat.text(model.movedBytes),
                "\(model.tags.count { $0.outcome != .leftAlone })", model.problem == nil ? "same" : "conflict",
            ])
        }
        return table.lines(width: width) + [
            "",
            "synced with \(remote): \(ByteFormat.text(sentBytes)) sent, \(ByteFormat.text(receivedBytes)) received",
        ]
    }

    private static func text(_ versions: [MovedVersion]) -> String {
        versions.isEmpty ? "-" : versions.map { "v\($0.number)" }.joined(separator: ", ")
    }
}
