internal import DeltaicCore
public import Registry

/// A version: where its delta lives, and what it costs.
public struct VersionPage: Sendable {
    /// How it differs from its base.
    public enum Delta: Sendable {
        /// It has no base.
        case none
        /// It is stored as it was sent, and what it is a delta of is not known yet.
        case pending
        /// It is being measured: both are decoded for it.
        case measuring
        case known(DeltaProfile)
        case failed(String)
    }

    let details: VersionDetails
    let delta: Delta
    /// The streams of its own pack; nil if it has none, or if that cannot be read.
    let pack: PackReport?
    /// Why its pack cannot be read.
    let packProblem: String?
    let origin: String?
    let showsBase: Bool
    let canSeePack: Bool

    public init(
        details: VersionDetails, delta: Delta, pack: PackReport?, packProblem: String? = nil,
        origin: String?, showsBase: Bool, canSeePack: Bool
    ) {
        self.details = details
        self.delta = delta
        self.pack = pack
        self.packProblem = packProblem
        self.origin = origin
        self.showsBase = showsBase
        self.canSeePack = canSeePack
    }

    private static let tensorLimit = 2000

    var version: VersionSummary { details.version }

    /// How most of its weights are stored.
    static func codec(of version: VersionSummary) -> String {
        version.isPending ? "(pending)" : version.lossyCodec ?? (version.base == nil ? "solo" : "exact")
    }

    public func markup(in layout: PageLayout) -> Markup {
        return layout.page(
            version.reference, at: .models,
            """
            <p class="crumbs"><a href="\(ConsolePaths.models)">Models</a> / \
            <a href="\(ConsolePaths.model(version.model))">\(version.model)</a></p>
            <h1>\(version.reference)</h1>
            \(content(isAlone: false))
            """)
    }

    /// - Parameter isAlone: whether there are no other pages that links could lead to.
    func content(isAlone: Bool) -> Markup {
        let hasDelta = if case .none = delta { false } else { true }
        return """
            \(tiles)
            \(facts(isAlone: isAlone))
            \(Parts.section(hasDelta ? "Where the delta lives, and what it costs" : "What each layer costs", id: "layers", layers))
            \(hasDelta ? Parts.section("How much weights changed", id: "histograms", histograms) : .none)
            \(Parts.section("What is stored", id: "sizes", sizes))
            \(Parts.section("Get it", id: "commands", VersionCommands(version, files: details.files.map(\.path), origin: origin).markup))
            \(Parts.section("Files", id: "files", FileTable(details.files, of: version, hasLinks: !isAlone).markup))
            \(Parts.section("Tensors", id: "tensors", tensorTable))
            """
    }

    private var tiles: Markup {
        let sizes = details.sizes
        let linear =
            sizes.linearRawBytes > 0
            ? Parts.tile(
                "Linear layers alone", Parts.ratio(sizes.linearRawBytes, sizes.linearStoredBytes),
                "\(ByteFormat.text(sizes.linearStoredBytes)) for \(ByteFormat.text(sizes.linearRawBytes)), as papers count"
            )
            : Markup.none
        return """
            <div class="tiles">
            \(Parts.tile("Registered", Parts.bytes(version.rawBytes), "\(NumberFormat.count(version.fileCount, "file"))"))
            \(Parts.tile("Kept", Parts.bytes(version.storedBytes), "its own pack; what others have too is counted with them"))
            \(Parts.tile("Ratio", Parts.ratio(version.rawBytes, version.storedBytes), "whole files over whole pack"))
            \(linear)
            </div>
            """
    }

    private func facts(isAlone: Bool) -> Markup {
        let base = version.base.map { base in
            Parts.link(isAlone || !showsBase ? nil : ConsolePaths.version(reference: base), text: base)
        }
        let against = version.base.flatMap { base in
            isAlone || !showsBase
                ? nil : Parts.link(ConsolePaths.compare(base, version.reference), "Compare with the base")
        }
        let pack = details.pack.map {
            Parts.link(isAlone || !canSeePack ? nil : ConsolePaths.pack($0.hex), text: $0.short)
        }
        return Parts.facts(
            [
                ("Registered on", Parts.date(version.createdAt)), ("Base", base ?? "none"),
                ("Codec", "\(Self.codec(of: version))"), ("Task", "\(version.task ?? "none")"),
                ("Tags", "\(version.tags.isEmpty ? "none" : version.tags.joined(separator: ", "))"),
                ("Commit", "<span class=\"mono\">\(version.commit.hex)</span>"), ("Pack", pack ?? "none of its own"),
                ("Message", "\(version.message ?? "none")"),
            ] + (against.map { [("Differences", $0)] } ?? [])
                + version.metadata.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
    }

    private var profile: DeltaProfile? {
        if case .known(let profile) = delta { profile } else { nil }
    }

    private var layerTensors: [LayerTensor] {
        let compared = Dictionary((profile?.tensors ?? []).map { ($0.name, $0) }) { first, _ in first }
        return details.tensors.map { LayerTensor($0, compared: compared[$0.name]) }
    }

    private var metrics: [LayerMetric] {
        let hasError = details.tensors.contains { $0.quality != nil }
        return (profile == nil ? [] : [.change]) + [.stored, .density] + (hasError ? [.error] : [])
    }

    private var state: Markup {
        switch delta {
        case .none: "<p>It has no base: it is stored on its own.</p>"
        case .pending:
            "<p>It is stored as it was sent, and is to be compressed: then it is known what it is a delta of.</p>"
        case .measuring:
            Parts.waiting("How much each layer changed is being measured: base and version are decoded for it, once.")
        case .known(let profile): "<p>Against \(profile.base).</p>"
        case .failed(let problem):
            "<p class=\"warning\" role=\"status\">The changes could not be measured: \(problem)</p>"
        }
    }

    private var layers: Markup {
        let pictures = LayerPictures(subject: version.reference, tensors: layerTensors, metrics: metrics)
        let others = pictures.others().map { others in
            "<h3>Outside of layers</h3>\(others)" as Markup
        }
        return "\(state)\n\(pictures.figures())\(others)"
    }

    private var histograms: Markup {
        guard let profile else { return state }
        let kinds = Dictionary(grouping: profile.tensors, by: \.kind).mapValues(\.count)
        let apart = (kinds[.onlyRight] ?? 0, kinds[.incomparable] ?? 0)
        let note: Markup =
            apart.0 + apart.1 > 0
            ? "<p>\(NumberFormat.count(apart.0, "tensor")) without a partner in the base, \(NumberFormat.count(apart.1)) that cannot be compared with theirs.</p>"
            : .none
        guard !profile.histograms.isEmpty else { return "\(note)<p>There is nothing to compare.</p>" }
        return "\(note)\(HistogramFigures(histograms: profile.histograms).markup)"
    }

    private var sizes: Markup {
        var codecs: [String: (count: Int, raw: Int, stored: Int)] = [:]
        for tensor in details.tensors {
            let name =
                tensor.storedBytes == 0 && version.base != nil
                ? "nothing: it is the base's, or there before" : tensor.content.codec
            codecs[name, default: (0, 0, 0)].count += 1
            codecs[name, default: (0, 0, 0)].raw += tensor.size
            codecs[name, default: (0, 0, 0)].stored += tensor.storedBytes
        }
        var table = DataTable(
            "Tensors by codec",
            [.text("Codec"), .number("Tensors"), .number("Raw"), .number("Stored"), .number("Ratio")])
        for (name, sums) in codecs.sorted(by: { ($0.value.stored, $1.key) > ($1.value.stored, $0.key) }) {
            table.add([
                "\(name)", "\(NumberFormat.count(sums.count))", Parts.bytes(sums.raw), Parts.bytes(sums.stored),
                Parts.ratio(sums.raw, sums.stored),
            ])
        }
        return """
            <div class="columns"><div><h3>By codec</h3>\(table.markup)</div>\
            \(pack.map { "<div><h3>By stream of its pack</h3>\(PackPage.streamTable($0))</div>" as Markup })\
            \(packProblem.map { "<p class=\"warning\" role=\"status\">Its pack cannot be read: \($0)</p>" as Markup })</div>
            """
    }

    private var tensorTable: Markup {
        let hasQuality = details.tensors.contains { $0.quality != nil }
        var table = DataTable(
            "Tensors of \(version.reference)",
            [
                .text("Tensor"), .text("Dtype"), .text("Shape"), .text("Class"), .text("Codec"), .number("Size"),
                .number("Stored"), .number("Change"),
            ] + (hasQuality ? [.number("Error"), .number("Cosine")] : []))
        let tensors = layerTensors
        for (tensor, layer) in zip(details.tensors, tensors).prefix(Self.tensorLimit) {
            let change = LayerMetric.change.value(of: [layer]).map { "\(LayerMetric.change.text($0))" } ?? "-" as Markup
            let quality: [Markup] =
                hasQuality
                ? [tensor.quality?.relativeError, tensor.quality?.cosine].map { value in
                    "\(value.map { NumberFormat.significant($0) } ?? "-")"
                } : []
            table.add(
                [
                    "<span class=\"mono\">\(tensor.name)</span>", "\(tensor.type.rawValue)",
                    "\(tensor.shape.description)",
                    "\(tensor.tensorClass.rawValue)", "\(tensor.content.codec)", Parts.bytes(tensor.size),
                    Parts.bytes(tensor.storedBytes), change,
                ] + quality)
        }
        let more: Markup =
            details.tensors.count > Self.tensorLimit
            ? "<p class=\"dim\">The first \(Self.tensorLimit) of \(NumberFormat.count(details.tensors.count)).</p>"
            : .none
        return """
            <details><summary>\(NumberFormat.count(details.tensors.count, "tensor"))</summary>\(table.markup)\(more)</details>
            """
    }
}
