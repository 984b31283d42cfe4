internal import DeltaicCore
public import Registry

/// What a pack holds.
public struct PackPage: Sendable {
    let pack: PackReport
    /// The version that it belongs to, as `name@v1`.
    let owner: String?

    public init(_ pack: PackReport, owner: String?) {
        self.pack = pack
        self.owner = owner
    }

    private var version: Markup {
        if let owner { return Parts.link(ConsolePaths.version(reference: owner), text: owner) }
        return pack.version.map { "none; it was written for \($0)" } ?? "none"
    }

    private static let objectLimit = 1000

    public func markup(in layout: PageLayout) -> Markup {
        let id = pack.id
        return layout.page(
            "Pack \(id?.short ?? "")", at: .packs,
            """
            <p class="crumbs"><a href="\(ConsolePaths.packs)">Packs</a></p>
            <h1>Pack \(id?.short ?? "")</h1>
            \(Parts.facts([
                ("Id", "<span class=\"mono\">\(id?.hex ?? "")</span>"),
                ("Version", version),
                ("Size", Parts.bytes(pack.byteCount)), ("Raw", Parts.bytes(pack.rawBytes)),
                ("Payload", Parts.bytes(pack.payloadBytes)),
                ("Everything else", "\(ByteFormat.text(pack.overheadBytes)) (\(NumberFormat.percent(pack.overheadBytes, of: pack.byteCount)))"),
                ("Format", "version \(pack.formatVersion)"),
            ]))
            \(Parts.section("Streams", id: "streams", Self.streamTable(pack)))
            \(Parts.section("Objects", id: "objects", objects))
            """)
    }

    /// What the streams of each codec take.
    static func streamTable(_ pack: PackReport) -> Markup {
        var table = DataTable(
            "Streams",
            [.text("Codec"), .text("Stream"), .number("Raw"), .number("Stored"), .number("Of the pack")])
        for stream in pack.streams {
            table.add([
                "\(stream.codec)", "\(stream.name)", Parts.bytes(stream.rawBytes), Parts.bytes(stream.storedBytes),
                "\(NumberFormat.percent(stream.storedBytes, of: pack.byteCount))",
            ])
        }
        table.add([
            "headers, index, manifest", "", "", Parts.bytes(pack.overheadBytes),
            "\(NumberFormat.percent(pack.overheadBytes, of: pack.byteCount))",
        ])
        return table.markup
    }

    private var objects: Markup {
        var table = DataTable(
            "Objects of the pack",
            [
                .text("Content"), .text("SHA-256"), .text("Codecs"), .number("Chunks"), .number("Raw"),
                .number("Stored"),
            ])
        for object in pack.objects.prefix(Self.objectLimit) {
            table.add([
                "\(object.names.isEmpty ? "-" : NumberFormat.list(object.names))",
                "<span class=\"mono\">\(object.sha256.short)</span>",
                "\(object.codecs.joined(separator: ", "))", "\(NumberFormat.count(object.chunks))",
                Parts.bytes(object.rawBytes), Parts.bytes(object.storedBytes),
            ])
        }
        let more: Markup =
            pack.objects.count > Self.objectLimit
            ? "<p class=\"dim\">The first \(Self.objectLimit) of \(NumberFormat.count(pack.objects.count)).</p>" : .none
        return "\(table.markup)\(more)"
    }
}
