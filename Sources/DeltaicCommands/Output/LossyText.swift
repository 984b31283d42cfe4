internal import DeltaicCore
internal import Registry

extension LossyReport {
    func writeWarnings() {
        for warning in warnings { StandardStreams.writeNote("warning: " + warning) }
        if !unusedMoments.isEmpty {
            StandardStreams.writeNote(
                "note: \(NumberFormat.count(unusedMoments.count, "matrix", "matrices")) of --moments not used: "
                    + NumberFormat.list(unusedMoments))
        }
        for (reason, names) in keptByReason {
            StandardStreams.writeNote(
                "note: \(NumberFormat.count(names.count, "tensor")) meant for a lossy codec kept exactly: "
                    + "\(NumberFormat.list(names)): \(reason)")
        }
    }

    /// The tensors of each reason, in the order in which reasons first come.
    private var keptByReason: [(reason: String, names: [String])] {
        let groups = Dictionary(grouping: keptExactly, by: \.reason)
        var seen: Set<String> = []
        return keptExactly.filter { seen.insert($0.reason).inserted }.map { first in
            (first.reason, groups[first.reason]?.map(\.name) ?? [])
        }
    }

    /// Tensor by tensor, then in all.
    func lines(width: Int?) -> [String] {
        var table = LossTable()
        for tensor in tensors {
            table.add(
                tensor.name, codec: tensor.codec, raw: tensor.rawBytes, stored: tensor.storedBytes,
                elements: tensor.elements, quality: tensor.quality)
        }
        return table.table.lines(width: width) + [""] + summaryLines(width: width)
    }

    /// By class, and the ratios.
    func summaryLines(width: Int?) -> [String] {
        var table = LossTable()
        for tensorClass in TensorClass.allCases {
            let members = tensors.filter { $0.tensorClass == tensorClass }
            guard !members.isEmpty else { continue }
            table.add(
                "\(tensorClass.rawValue) (\(members.count))",
                codec: Set(members.map(\.codec)).sorted().joined(separator: ","),
                raw: members.reduce(0) { $0 + $1.rawBytes }, stored: members.reduce(0) { $0 + $1.storedBytes },
                elements: members.reduce(0) { $0 + $1.elements }, quality: quality(of: tensorClass))
        }
        return table.table.lines(width: width) + [""] + sizes.lines
    }
}

extension StorageFigures {
    var lines: [String] {
        var facts = FactList()
        facts.add("whole pack", "\(ByteFormat.text(storedBytes)) of \(ByteFormat.text(rawBytes))")
        facts.add(
            "weight files",
            "\(ByteFormat.text(weightStoredBytes)) of \(ByteFormat.text(weightRawBytes))"
                + (fileRatio.map { ", \(NumberFormat.ratio($0))" } ?? ""))
        facts.add(
            "linear layers",
            "\(ByteFormat.text(linearStoredBytes)) of \(ByteFormat.text(linearRawBytes))"
                + (linearRatio.map { ", \(NumberFormat.ratio($0)) (what papers quote)" } ?? ""))
        return facts.lines
    }
}

/// The columns in which losses are shown.
struct LossTable {
    private(set) var table = TextTable([
        .name("tensor"), .text("codec"), .number("stored"), .number("bits"), .number("ratio"), .number("kept"),
        .number("error"), .number("cosine"), .number("signs"),
    ])

    mutating func add(
        _ name: String, codec: String, raw: Int, stored: Int, elements: Int, quality: DeltaQuality
    ) {
        table.add([
            name, codec, ByteFormat.text(stored),
            elements > 0 ? NumberFormat.fixed(Double(stored) * 8 / Double(elements), 3) : "",
            stored > 0 ? NumberFormat.ratio(Double(raw) / Double(stored)) : "",
            quality.projection.map { NumberFormat.fixed($0, 3) } ?? "",
            quality.relativeError.map { NumberFormat.fixed($0, 4) } ?? "",
            quality.cosine.map { NumberFormat.fixed($0, 3) } ?? "",
            quality.signAgreement.map { NumberFormat.fixed($0, 3) } ?? "",
        ])
    }
}
