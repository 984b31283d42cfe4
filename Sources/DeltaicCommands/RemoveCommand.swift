internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic remove`: removes versions.
struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove one version of a model or base, or all of them.",
        discussion: """
            NAME@v2, NAME:tag or NAME:latest removes that version; NAME alone removes every version. Nothing is asked first. A base \
            that others are deltas of is not removed. Packs in which no version needs anything are deleted by `deltaic gc`.
            """)

    @Argument(help: ArgumentHelp("The version, or the model with all its versions.", valueName: "name[@v|:tag]"))
    var name: String

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let report = try await remove()
        try output.write(report) { _ in report.lines }
    }

    private func remove() async throws -> RemovalReport {
        guard name.contains(where: { $0 == "@" || $0 == ":" }) else {
            let model = try ModelName(name)
            return try await global.openForWriting().remove(model)
        }
        let version = try VersionReference(name)
        return try await global.openForWriting().remove(version)
    }
}

extension RemovalReport {
    fileprivate var lines: [String] {
        let names = removed.map(\.reference).joined(separator: ", ")
        let kept = retainedBytes > 0 ? ", kept \(ByteFormat.text(retainedBytes)) that other versions need" : ""
        let freed = garbageBytes > 0 ? ": `deltaic gc` will free \(ByteFormat.text(garbageBytes))" : ""
        return ["removed \(names)\(freed)\(kept)"]
    }
}
