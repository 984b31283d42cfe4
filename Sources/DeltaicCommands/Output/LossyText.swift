internal import DeltaicCore
internal import Registry

extension LossyReport {
    func writeWarnings() {
        for warning in warnings { StandardStreams.writeNote("warning: " + warning) }
        if !keptExactly.isEmpty {
            let names = keptExactly.prefix(3).map(\.name).joined(separator: ", ")
            StandardStreams.writeNote(
                "note: \(NumberFormat.count(keptExactly.count, "tensor")) meant for a lossy codec kept exactly: "
                    + "\(names)\(keptExactly.count > 3 ? ", ..." : ""): \(keptExactly.first?.reason ?? "")")
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
