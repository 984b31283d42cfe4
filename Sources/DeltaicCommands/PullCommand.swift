internal import ArgumentParser
internal import DeltaicCore
internal import Registry
internal import RegistryClient

/// `deltaic pull`: gives a model back.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Write the files of a version into a folder, each checked by its SHA-256.",
        discussion: """
            With --file or --tensor only those are written; tensors come together in one file, \
            \(ModelRegistry.tensorFileName). A file of the same name is replaced, others in the folder stay.

            With --remote the version is fetched from another registry first, with the versions before it and the bases that are \
            missing here, and registered here; only what is not here moves. --output is not needed then.
            """)

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Option(
        help: ArgumentHelp(
            "The folder to write to, made if it does not exist; needed without --remote.", valueName: "dir"),
        completion: .directory)
    var output: String?

    @Option(help: ArgumentHelp("The registry to fetch the version from; see `remote add`.", valueName: "remote"))
    var remote: String?

    @Option(name: .customLong("tensor"), help: ArgumentHelp("Only this tensor; may be repeated.", valueName: "name"))
    var tensors: [String] = []

    @Option(name: .customLong("file"), help: ArgumentHelp("Only this file; may be repeated.", valueName: "path"))
    var files: [String] = []

    @Flag(help: "Of a LoRA adapter, write the full model: its base with the adapter merged in.")
    var merged = false

    @Flag(help: "Write the version's newest signature too, as \(ModelRegistry.signatureFileName).")
    var signature = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var format: OutputFormat

    func validate() throws {
        if merged, !tensors.isEmpty || !files.isEmpty {
            throw ValidationError("--merged writes a whole model: --tensor and --file do not go with it")
        }
        if merged, signature {
            throw ValidationError("--merged writes other files than were signed: --signature does not go with it")
        }
        if output == nil, remote == nil { throw ValidationError("Missing expected argument '--output <dir>'") }
        if output == nil, signature || merged || !tensors.isEmpty || !files.isEmpty {
            throw ValidationError(
                "--merged, --tensor, --file and --signature say what is written: name a folder with --output")
        }
        if output?.isEmpty == true { throw ValidationError("--output needs the path of a folder") }
    }

    func run() async throws {
        let reference = try VersionReference(name)
        guard let remote else {
            guard let output else { return }
            let result = try await written(reference, to: output, by: try global.openForReading(threads: threads))
            return try format.write(result) { result.lines(width: $0) }
        }
        let registry = try global.openForWriting(threads: threads)
        let report = try await registry.connected(to: remote) {
            try await PullVersionFromRemote(from: $0, to: registry, progress: ProgressLine.onTerminal()).run(reference)
        }
        report.writeNotes()
        let pulled = try VersionReference(report.reference)
        var result: PullResult?
        if let output { result = try await written(pulled, to: output, by: registry) }
        try format.write(Fetched(transfer: report, pull: result)) { width in
            report.lines(verb: "pulled", place: "here") + (result.map { [""] + $0.lines(width: width) } ?? [])
        }
    }

    /// What came from another registry, and what was written of it.
    private struct Fetched: Encodable {
        let transfer: TransferReport
        let pull: PullResult?
    }

    private func written(
        _ reference: VersionReference, to output: String, by registry: ModelRegistry
    ) async throws -> PullResult {
        return merged
            ? try await registry.pullMerged(reference, to: output)
            : try await registry.pull(
                reference, to: output, selection: PullSelection(files: files, tensors: tensors, hasSignature: signature)
            )
    }
}

extension PullResult {
    fileprivate func lines(width: Int?) -> [String] {
        var table = TextTable([.name("file"), .number("size"), .text("sha256")])
        for file in files { table.add([file.path, ByteFormat.text(file.size), file.sha256.short]) }
        return table.lines(width: width) + [
            "",
            "pulled \(version.reference) to \(PrintableText.escaped(output)): "
                + "\(NumberFormat.count(files.count, "file")), \(ByteFormat.text(byteCount)), verified",
        ]
    }
}
