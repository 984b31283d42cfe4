internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Registry
internal import RegistryPages

/// `deltaic report`: everything about a version, as a page.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write what is known of a version as one HTML page.",
        discussion: """
            The page has what the console shows of the model and the version: lineage, quality, where in the layers the delta is \
            and what it costs, sizes, files, the model card. It needs nothing else to be read: no server, no network, no scripts.

            How much each layer changed is measured for it: base and version are decoded. The page goes to standard output, or \
            to a file with --output.
            """)

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file that is written.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var output: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var format: OutputFormat

    /// What is printed when the page is in a file.
    private struct Written: Encodable {
        let version: String
        let path: String
        let bytes: Int
    }

    func validate() throws {
        if format.json, output == nil {
            throw ValidationError("--json says what was written: name a file with --output")
        }
    }

    func run() async throws {
        let registry = try global.openForReading(threads: threads)
        let page = try await page(registry, try VersionReference(name))
        let text = page.document(at: Int(Date().timeIntervalSince1970))
        guard let output else { return try StandardStreams.writeResult(text) }
        try OutputFile.write(text, to: output)
        let written = Written(version: page.title, path: output, bytes: text.utf8.count)
        try format.write(written) { _ in
            ["wrote \(output): \(written.version), \(ByteFormat.text(written.bytes))"]
        }
    }

    private func page(_ registry: ModelRegistry, _ reference: VersionReference) async throws -> ReportPage {
        let details = try registry.describe(reference)
        // From here on the same version, whatever is registered meanwhile.
        let exact = VersionReference(model: reference.model, selector: .commit(details.version.commit.hex))
        let profile = try await registry.profile(of: exact)
        let model = reference.model
        return ReportPage(
            model: ModelDetailPage(
                listing: try registry.listing(of: model), versions: try registry.log(of: model),
                lineage: try registry.lineage(of: model, limit: LineageDiagram.relativeLimit),
                quality: try registry.qualityHistory(of: model), files: try registry.files(of: exact).files,
                card: try card(registry, exact), branches: try registry.numbersOnBranches(of: model), origin: nil,
                canWrite: false, showsBase: true),
            version: VersionPage(
                details: details, delta: profile.map { .known($0) } ?? (details.version.isPending ? .pending : .none),
                pack: try details.pack.map { try registry.inspect($0) }, origin: nil, showsBase: true,
                canSeePack: false))
    }

    private func card(_ registry: ModelRegistry, _ version: VersionReference) throws -> ModelCardView {
        let hasCard = try registry.file(ModelCardView.path, of: version).1 != nil
        guard hasCard else { return .none }
        // There are no files beside the page that links could lead to.
        return ModelCardView(
            text: try registry.text(ofFile: ModelCardView.path, in: version, limit: CardRenderer.longest)
        ) { _ in nil }
    }
}
