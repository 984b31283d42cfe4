internal import DeltaicCore
internal import Registry

extension VersionComparison.Kind {
    /// The word for people.
    fileprivate var word: String {
        switch self {
        case .same: "same"
        case .changed: "changed"
        case .onlyLeft: "only left"
        case .onlyRight: "only right"
        case .incomparable: "incomparable"
        }
    }
}

extension VersionComparison {
    /// A table of tensors, one of the files that differ, and a summary.
    func lines(width: Int?) -> [String] {
        let files = fileTable
        return tensorTable.lines(width: width) + [""]
            + (files.isEmpty ? [] : files.lines(width: width) + [""]) + [summary]
    }

    /// Shapes and the rest are in the JSON: names need the room.
    private var tensorTable: TextTable {
        var table = TextTable([
            .name("tensor"), .text("dtype"), .number("changed"), .number("percent"), .number("relative"),
            .number("size"), .number("stored"),
        ])
        for tensor in tensors {
            let percent = tensor.changed.flatMap { changed in
                tensor.compared.map { NumberFormat.percent(changed, of: $0) }
            }
            table.add([
                tensor.name, tensor.type.rawValue,
                tensor.kind == .changed ? NumberFormat.count(tensor.changed ?? 0) : tensor.kind.word,
                tensor.kind == .changed ? percent ?? "-" : "-",
                tensor.kind == .changed ? tensor.relativeChange.map { NumberFormat.significant($0) } ?? "-" : "-",
                ByteFormat.text(tensor.bytes), ByteFormat.text(tensor.storedBytes),
            ])
        }
        return table
    }

    private var fileTable: TextTable {
        var table = TextTable([.name("file"), .text("kind"), .number("left"), .number("right")])
        for file in files where file.kind != .same {
            table.add([
                file.path, file.kind.word, file.leftSize.map(ByteFormat.text) ?? "-",
                file.rightSize.map(ByteFormat.text) ?? "-",
            ])
        }
        return table
    }

    private var summary: String {
        let kinds = Dictionary(grouping: tensors, by: \.kind).mapValues(\.count)
        let order: [Kind] = [.changed, .same, .onlyLeft, .onlyRight, .incomparable]
        let counts = order.compactMap { kind in kinds[kind].map { "\($0) \(kind.word)" } }
        let changed = tensors.reduce(0) { $0 + ($1.changed ?? 0) }
        let compared = tensors.reduce(0) { $0 + ($1.compared ?? 0) }
        let otherFiles = files.count { $0.kind != .same }
        return "\(left.reference) and \(right.reference): \(NumberFormat.count(tensors.count, "tensor")) "
            + "(\(counts.joined(separator: ", "))); \(NumberFormat.count(changed)) of "
            + "\(NumberFormat.count(compared, "weight")) changed (\(NumberFormat.percent(changed, of: compared))); "
            + "\(otherFiles) of \(NumberFormat.count(files.count, "file")) differ\(files.count == 1 ? "s" : "")"
    }
}
