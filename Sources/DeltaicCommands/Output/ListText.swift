internal import DeltaicCore
internal import Registry

extension ModelListing {
    /// A table of models.
    static func lines(of models: [ModelListing], width: Int?) -> [String] {
        guard !models.isEmpty else { return ["nothing is registered that fits"] }
        var table = TextTable([
            .name("name"), .text("kind"), .text("newest"), .number("versions"), .name("base"), .name("task"),
            .name("tags"), .number("registered"), .number("stored"), .name("lossy"), .number("score"),
        ])
        for model in models {
            let latest = model.latest
            table.add([
                latest.model, latest.isPending ? "pending" : latest.isBase ? "base" : "model", "v\(latest.number)",
                "\(model.versionCount)",
                latest.base ?? "-", latest.task ?? "-", latest.tags.isEmpty ? "-" : latest.tags.joined(separator: ", "),
                ByteFormat.text(model.rawBytes), ByteFormat.text(model.storedBytes), latest.lossyCodec ?? "-",
                latest.score.map { NumberFormat.significant($0, 4) } ?? "-",
            ])
        }
        return table.lines(width: width)
    }
}
