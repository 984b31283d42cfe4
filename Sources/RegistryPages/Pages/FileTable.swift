internal import DeltaicCore
internal import Registry

/// The files of a version.
struct FileTable {
    private struct File {
        let path: String
        let size: Int
        let sha256: Digest
    }

    private let files: [File]
    private let version: VersionSummary
    private let hasLinks: Bool

    private static let limit = 500

    init(_ files: [VersionFile], of version: VersionSummary) {
        self.files = files.map { File(path: $0.path, size: $0.size, sha256: $0.sha256) }
        self.version = version
        hasLinks = true
    }

    init(_ files: [VersionDetails.File], of version: VersionSummary, hasLinks: Bool) {
        self.files = files.map { File(path: $0.path, size: $0.size, sha256: $0.sha256) }
        self.version = version
        self.hasLinks = hasLinks
    }

    var markup: Markup {
        var table = DataTable("Files of \(version.reference)", [.text("File"), .number("Size"), .text("SHA-256")])
        for file in files.prefix(Self.limit) {
            let path = hasLinks ? ConsolePaths.file(file.path, of: version.model, version: version.commit.hex) : nil
            table.add([
                Parts.link(path, "<span class=\"mono\">\(file.path)</span>"), Parts.bytes(file.size),
                "<span class=\"mono\" title=\"\(file.sha256.hex)\">\(file.sha256.short)</span>",
            ])
        }
        let more: Markup =
            files.count > Self.limit
            ? "<p class=\"dim\">The first \(Self.limit) of \(NumberFormat.count(files.count)).</p>" : .none
        return "\(table.markup)\(more)"
    }
}
