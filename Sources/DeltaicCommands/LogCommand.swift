internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic log`: the versions of a model.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "List the versions of a model or base, newest first.")

    @Argument(help: ArgumentHelp("The model or base.", valueName: "name"))
    var name: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let versions = try global.openForReading().log(of: try ModelName(name))
        try output.write(versions) { VersionSummary.log(versions).lines(width: $0) }
    }
}

extension VersionSummary {
    /// A table of the versions of one model.
    fileprivate static func log(_ versions: [VersionSummary]) -> TextTable {
        var table = TextTable([
            .text("version"), .text("date"), .text("commit"), .name("tags"), .name("message"), .number("registered"),
            .number("stored"),
        ])
        for version in versions {
            table.add([
                "v\(version.number)", NumberFormat.date(version.createdAt), version.commit.short,
                version.tags.isEmpty ? "-" : version.tags.joined(separator: ", "),
                version.message.map { PrintableText.firstLine($0) } ?? "-", ByteFormat.text(version.rawBytes),
                ByteFormat.text(version.storedBytes),
            ])
        }
        return table
    }
}
