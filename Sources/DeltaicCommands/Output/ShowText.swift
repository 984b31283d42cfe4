internal import DeltaicCore
internal import Registry

extension VersionDetails {
    /// The facts of a version, then its tensors, then its files.
    func lines(showsTensors: Bool, width: Int?) -> [String] {
        [version.reference] + facts.lines + [""]
            + (showsTensors ? tensorTable : codecTable).lines(width: width) + [""]
            + lossLines(showsTensors: showsTensors, width: width) + fileTable.lines(width: width)
    }

    private var facts: FactList {
        var facts = FactList()
        facts.add("kind", version.isBase ? "base" : version.base.map { "model, fine-tune of \($0)" } ?? "model")
        facts.add("commit", version.commit.hex)
        facts.add("pack", pack?.hex)
        facts.add("created", NumberFormat.date(version.createdAt))
        facts.add("task", version.task)
        facts.add("tags", version.tags.isEmpty ? nil : version.tags.joined(separator: ", "))
        facts.add("message", version.message)
        for (key, value) in version.metadata.sorted(by: { $0.key < $1.key }) {
            facts.add("metadata", "\(key)=\(value)")
        }
        facts.add(
            "registered",
            "\(ByteFormat.text(version.rawBytes)) in \(NumberFormat.count(version.fileCount, "file")), "
                + NumberFormat.count(version.tensorCount, "tensor"))
        facts.add(
            "stored",
            "\(ByteFormat.text(version.storedBytes)) "
                + "(\(NumberFormat.percent(version.storedBytes, of: version.rawBytes))), the whole pack")
        if let codec = version.lossyCodec { facts.add("lossy codec", codec) }
        if let evaluation = evaluations.first {
            facts.add(
                "score",
                "\(NumberFormat.significant(evaluation.score, 6)) by `\(evaluation.command)`, "
                    + NumberFormat.date(evaluation.createdAt))
        }
        return facts
    }

    /// Tensors by codec, and by whether this version's pack holds them; equal tensors are stored once.
    private var codecTable: TextTable {
        var table = TextTable([
            .text("codec"), .text("pack"), .number("tensors"), .number("size"), .number("stored"),
            .number("percent"),
        ])
        struct Kind: Hashable {
            let codec: String
            let isShared: Bool
        }
        let groups = Dictionary(grouping: tensors) { Kind(codec: $0.content.codec, isShared: $0.content.isShared) }
        let sorted = groups.sorted { ($0.key.isShared ? 1 : 0, $0.key.codec) < ($1.key.isShared ? 1 : 0, $1.key.codec) }
        for (kind, tensors) in sorted {
            let size = tensors.reduce(0) { $0 + $1.size }
            let stored = Self.storedBytes(tensors.map(\.content))
            table.add([
                kind.codec, kind.isShared ? "earlier" : "this", "\(tensors.count)", ByteFormat.text(size),
                ByteFormat.text(stored), NumberFormat.percent(stored, of: size),
            ])
        }
        return table
    }

    private var tensorTable: TextTable {
        var table = TextTable([
            .name("tensor"), .text("dtype"), .text("shape"), .number("size"), .text("codec"), .text("pack"),
            .number("stored"), .number("percent"),
        ])
        for tensor in tensors {
            table.add([
                tensor.name, tensor.type.rawValue, tensor.shape.description, ByteFormat.text(tensor.size),
                tensor.content.codec, tensor.content.isShared ? "earlier" : "this",
                ByteFormat.text(tensor.content.allBytes),
                NumberFormat.percent(tensor.content.allBytes, of: tensor.size),
            ])
        }
        return table
    }

    private var fileTable: TextTable {
        var table = TextTable([
            .name("file"), .number("size"), .number("tensors"), .number("stored"), .text("pack"), .text("sha256"),
        ])
        let tensors = Dictionary(grouping: tensors, by: \.file)
        for file in files {
            let contents = [file.content] + (tensors[file.path] ?? []).map(\.content)
            let holders = Set(contents.map(\.isShared))
            table.add([
                file.path, ByteFormat.text(file.size), file.tensorCount > 0 ? "\(file.tensorCount)" : "-",
                ByteFormat.text(Self.storedBytes(contents)),
                holders.count > 1 ? "both" : holders.contains(true) ? "earlier" : "this", file.sha256.short,
            ])
        }
        return table
    }

    /// The stored bytes of contents with what their chunks share, each counted once.
    private static func storedBytes(_ contents: [StoredContent]) -> Int {
        var seen: Set<Digest> = []
        return contents.reduce(0) { $0 + (seen.insert($1.sha256).inserted ? $1.allBytes : 0) }
    }

    /// What lossy codecs cost: by class, or tensor by tensor; and the ratios.
    private func lossLines(showsTensors: Bool, width: Int?) -> [String] {
        let lossy = tensors.filter { $0.quality != nil }
        guard !lossy.isEmpty else { return [] }
        var table = LossTable()
        if showsTensors {
            for tensor in lossy {
                table.add(
                    tensor.name, codec: tensor.lossyCodec ?? "", raw: tensor.size, stored: tensor.storedBytes,
                    elements: tensor.shape.elementCount, quality: tensor.quality ?? DeltaQuality())
            }
        }
        for tensorClass in TensorClass.allCases {
            let members = lossy.filter { $0.tensorClass == tensorClass }
            guard !members.isEmpty else { continue }
            table.add(
                "\(tensorClass.rawValue) (\(members.count))",
                codec: Set(members.compactMap(\.lossyCodec)).sorted().joined(separator: ","),
                raw: members.reduce(0) { $0 + $1.size }, stored: members.reduce(0) { $0 + $1.storedBytes },
                elements: members.reduce(0) { $0 + $1.shape.elementCount },
                quality: members.reduce(into: DeltaQuality()) { sum, tensor in tensor.quality.map { sum.add($0) } })
        }
        return table.table.lines(width: width) + [""] + sizes.lines + [""]
    }
}

extension VersionDetails.StoredContent {
    fileprivate var allBytes: Int { storedBytes + sharedBytes }
}
