internal import DeltaicCore
public import Registry

/// A model: its versions, where it comes from, how good it is, and its card.
public struct ModelDetailPage: Sendable {
    let listing: ModelListing
    /// The newest first.
    let versions: [VersionSummary]
    let lineage: ModelLineage
    let quality: QualityHistory
    /// Of the newest version, as the card is; of the version that a report is of.
    let files: [VersionFile]
    let card: ModelCardView
    /// The numbers of versions that were made on a branch, and are not of `main`.
    let branches: Set<Int>
    /// Where clients find the server; nil for a page without one.
    let origin: String?
    /// Whether the viewer may tag and remove versions.
    let canWrite: Bool
    /// Whether the viewer may look at the base.
    let showsBase: Bool

    public init(
        listing: ModelListing, versions: [VersionSummary], lineage: ModelLineage, quality: QualityHistory,
        files: [VersionFile], card: ModelCardView, branches: Set<Int>, origin: String?, canWrite: Bool, showsBase: Bool
    ) {
        self.listing = listing
        self.versions = versions
        self.lineage = lineage
        self.quality = quality
        self.files = files
        self.card = card
        self.branches = branches
        self.origin = origin
        self.canWrite = canWrite
        self.showsBase = showsBase
    }

    private static let versionLimit = 100

    var latest: VersionSummary { listing.latest }
    var name: String { latest.model }

    public func markup(in layout: PageLayout) -> Markup {
        layout.page(
            name, at: .models,
            """
            <p class="crumbs"><a href="\(ConsolePaths.models)">Models</a></p>
            <h1>\(name)</h1>
            <p>\(labels)</p>
            \(content(isAlone: false, actions: actions(layout.viewer)))
            """)
    }

    /// - Parameters:
    ///   - isAlone: whether there are no other pages that links could lead to.
    ///   - actions: what the viewer can do.
    func content(isAlone: Bool, actions: Markup = .none) -> Markup {
        let picture = LineageDiagram(
            model: name, lineage: lineage, versions: versions.filter { !branches.contains($0.number) },
            hasLinks: !isAlone, showsBase: showsBase
        ).picture()
        return """
            <div class="tiles">
            \(Parts.tile("Versions", "\(NumberFormat.count(listing.versionCount))"))
            \(Parts.tile("Registered", Parts.bytes(listing.rawBytes), "over all versions"))
            \(Parts.tile("Kept", Parts.bytes(listing.storedBytes), "what its packs take"))
            \(Parts.tile("Ratio", Parts.ratio(listing.rawBytes, listing.storedBytes)))
            </div>
            \(Parts.section("Lineage", id: "lineage", Parts.figure("Where it comes from", label: picture.label, picture.inPage)))
            \(Parts.section("Versions", id: "versions", versionTable(isAlone: isAlone)))
            \(QualitySection(quality: quality).markup)
            \(isAlone ? Markup.none : newest)
            \(actions)
            \(Parts.section("Model card", id: "card", card.markup))
            """
    }

    /// What a page about a version has itself.
    private var newest: Markup {
        """
        \(Parts.section("Get it", id: "commands", VersionCommands(latest, files: files.map(\.path), origin: origin).markup))
        \(Parts.section("Files of \(latest.reference)", id: "files", FileTable(files, of: latest).markup))
        """
    }

    private var labels: [Markup] {
        let texts =
            (latest.isBase ? ["base"] : []) + (latest.task.map { ["task: \($0)"] } ?? [])
            + (latest.isPending ? ["pending"] : [])
        return texts.map { "<span class=\"tag\">\($0)</span>" }
    }

    private func labels(of version: VersionSummary) -> [Markup] {
        version.tags.map { "<span class=\"tag\">\($0)</span>" as Markup }
            + (branches.contains(version.number) ? ["<span class=\"tag\">on a branch</span>"] : [])
    }

    private func versionTable(isAlone: Bool) -> Markup {
        var table = DataTable(
            "Versions of \(name)",
            [
                .text("Version"), .text("Tags"), .text("Registered on"), .text("Base"), .text("Codec"),
                .number("Registered"), .number("Kept"), .number("Ratio"), .number("Score"), .text("Message"),
            ])
        for version in versions.prefix(Self.versionLimit) {
            table.add([
                Parts.link(isAlone ? nil : ConsolePaths.version(name, version.number), "v\(version.number)"),
                "\(Markup(labels(of: version), separator: " "))",
                Parts.date(version.createdAt), "\(version.base ?? "-")", "\(VersionPage.codec(of: version))",
                Parts.bytes(version.rawBytes), Parts.bytes(version.storedBytes),
                Parts.ratio(version.rawBytes, version.storedBytes),
                "\(version.score.map { NumberFormat.significant($0, 4) } ?? "-")",
                "\(version.message?.split(whereSeparator: \.isNewline).first.map { String($0).shortened(to: 60) } ?? "")",
            ])
        }
        let more =
            versions.count > Self.versionLimit
            ? "<p class=\"dim\">The newest \(Self.versionLimit) of \(NumberFormat.count(versions.count)); <code>deltaic log \(name)</code> lists all.</p>"
            : Markup.none
        return "\(table.markup)\(more)\(isAlone || versions.count < 2 ? Markup.none : compareForm)"
    }

    private var compareForm: Markup {
        func options(_ selected: Int) -> [Markup] {
            versions.prefix(Self.versionLimit).enumerated().map { index, version in
                index == selected
                    ? "<option selected>\(version.reference)</option>"
                    : "<option>\(version.reference)</option>" as Markup
            }
        }
        return """
            <form class="row" method="get" action="\(ConsolePaths.compare)">
            <label>Compare <select name="left">\(options(1))</select></label>
            <label>with <select name="right">\(options(0))</select></label>
            <button type="submit">Compare</button>
            </form>
            """
    }

    private func actions(_ viewer: Viewer) -> Markup {
        guard canWrite, let key = viewer.formKey else { return .none }
        let path = ConsolePaths.model(name)
        let versions = versions.prefix(Self.versionLimit).map { "<option>v\($0.number)</option>" as Markup }
        let tags = self.versions.flatMap(\.tags).sorted().map { "<option>\($0)</option>" as Markup }
        let hidden: Markup = "<input type=\"hidden\" name=\"key\" value=\"\(key)\">"
        let untag: Markup =
            tags.isEmpty
            ? .none
            : """
            <form class="row" method="post" action="\(path)/untag">\(hidden)
            <label>Tag <select name="tag">\(tags)</select></label><button type="submit">Take the tag away</button></form>
            """
        return Parts.section(
            "Change it", id: "actions",
            """
            <form class="row" method="post" action="\(path)/tag">\(hidden)
            <label>Tag <input name="tag" required maxlength="128" autocomplete="off"></label>
            <label>names <select name="version">\(versions)</select></label><button type="submit">Set the tag</button></form>
            \(untag)
            <details><summary>Remove a version, or all of it</summary>
            <form class="row" method="post" action="\(path)/remove">\(hidden)
            <label>Write \(name)@v1, or the name alone for all versions
            <input name="reference" required autocomplete="off"></label>
            <button type="submit" class="danger">Remove</button></form></details>
            """)
    }
}
