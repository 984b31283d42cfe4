internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic compress`: what clients pushed, without waiting for the server.
struct CompressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compress", abstract: "Compress pushed versions that are stored as they were sent.",
        discussion: """
            A server does this by itself, in the background. Without a version, all that are pending are compressed, in the \
            order in which they came; --list only shows them.
            """)

    @Argument(help: "A pushed version; all that are pending if none is named.")
    var version: String?

    @Flag(help: "Only show what is pending.")
    var list = false

    @OptionGroup var bases: BaseRuleOptions
    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        if list {
            let pending = try global.openForReading().pendingVersions()
            return try output.write(pending) { PendingListing.lines(of: pending, width: $0) }
        }
        let registry = try global.openForWriting(threads: threads)
        let rules = try bases.rules()
        let references =
            try version.map { [try VersionReference($0)] }
            ?? registry.pendingVersions().map { try VersionReference($0.version) }
        var reports: [CompressionReport] = []
        for reference in references { reports.append(try await registry.compress(reference, rules: rules)) }
        _ = try await registry.deleteReplaced()
        try output.write(reports) { _ in
            reports.isEmpty
                ? ["nothing is pending"]
                : reports.map { report in
                    let base = report.version.base.map { "against \($0)" } ?? "on its own"
                    return "compressed \(report.version.reference) \(base): "
                        + "\(ByteFormat.text(report.version.rawBytes)), stored in \(ByteFormat.text(report.storedBytes))"
                }
        }
    }
}

extension PendingListing {
    fileprivate static func lines(of pending: [PendingListing], width: Int?) -> [String] {
        guard !pending.isEmpty else { return ["nothing is pending"] }
        var table = TextTable([.name("version"), .number("registered"), .number("attempts"), .text("problem")])
        for entry in pending {
            table.add([
                entry.version, ByteFormat.text(entry.rawBytes), "\(entry.attempts)", entry.problem ?? "-",
            ])
        }
        return table.lines(width: width)
    }
}
