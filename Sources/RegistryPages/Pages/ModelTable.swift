internal import DeltaicCore
internal import Registry

/// Models with their newest versions.
struct ModelTable {
    let models: [ModelListing]
    let label: String

    init(_ models: [ModelListing], label: String) {
        self.models = models
        self.label = label
    }

    /// With the columns that tell the most: for where there is little room.
    var brief: Markup {
        guard !models.isEmpty else { return "<p>There are none.</p>" }
        var table = DataTable(label, [.text("Model"), .number("Kept"), .number("Ratio"), .text("Newest")])
        for model in models {
            table.add([
                Parts.link(ConsolePaths.model(model.latest.model), text: model.latest.model),
                Parts.bytes(model.storedBytes), Parts.ratio(model.rawBytes, model.storedBytes),
                Parts.date(model.latest.createdAt),
            ])
        }
        return table.markup
    }

    var markup: Markup {
        guard !models.isEmpty else { return "<p>There are none.</p>" }
        var table = DataTable(
            label,
            [
                .text("Model"), .number("Versions"), .text("Base"), .text("Task"), .number("Registered"),
                .number("Kept"),
                .number("Ratio"), .text("Newest"),
            ])
        for model in models {
            let latest = model.latest
            table.add([
                Parts.link(ConsolePaths.model(latest.model), text: latest.model),
                "\(NumberFormat.count(model.versionCount))",
                latest.isBase ? "<span class=\"tag\">base</span>" : "\(latest.base ?? "-")",
                latest.task.map { Parts.link(ConsolePaths.models([("task", $0)]), text: $0) } ?? "-",
                Parts.bytes(model.rawBytes), Parts.bytes(model.storedBytes),
                Parts.ratio(model.rawBytes, model.storedBytes), Parts.date(latest.createdAt),
            ])
        }
        return table.markup
    }
}
