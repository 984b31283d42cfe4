internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic pull`: gives a model back.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Write the files of a version into a folder, each checked by its SHA-256.",
        discussion: """
            With --file or --tensor only those are written; tensors come together in one file, \
            \(ModelRegistry.tensorFileName). A file of the same name is replaced, others in the folder stay.
            """)

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Option(
        help: ArgumentHelp("The folder to write to, made if it does not exist.", valueName: "dir"),
        completion: .directory)
    var output: String

    @Option(name: .customLong("tensor"), help: ArgumentHelp("Only this tensor; may be repeated.", valueName: "name"))
    var tensors: [String] = []

    @Option(name: .customLong("file"), help: ArgumentHelp("Only this file; may be repeated.", valueName: "path"))
    var files: [String] = []

    @Flag(help: "Of a LoRA adapter, write the full model: its base with the adapter merged in.")
    var merged = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var format: OutputFormat

    func validate() throws {
        if merged, !tensors.isEmpty || !files.isEmpty {
            throw ValidationError("--merged writes a whole model: --tensor and --file do not go with it")
        }
        if output.isEmpty { throw ValidationError("--output needs the path of a folder") }
    }

    func run() async throws {
        let reference = try VersionReference(name)
        let registry = try global.openForReading(threads: threads)
        let result =
            merged
            ? try await registry.pullMerged(reference, to: output)
            : try await registry.pull(
                reference, to: output, selection: PullSelection(files: files, tensors: tensors))
        try format.write(result) { result.lines(width: $0) }
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
