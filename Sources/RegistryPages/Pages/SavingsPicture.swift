internal import DeltaicCore
internal import Foundation
public import Registry

/// What is kept against what was registered, by group.
public struct SavingsPicture: Sendable {
    let grouping: SavingsReport.Grouping
    let groups: [SavingsReport.Group]

    public init(_ grouping: SavingsReport.Grouping, _ groups: [SavingsReport.Group]) {
        self.grouping = grouping
        self.groups = groups
    }

    public func picture() -> Picture {
        BarChart(
            "Registered and kept by \(grouping.rawValue)",
            groups.map { .init(name: $0.name, registered: $0.rawBytes, kept: $0.storedBytes) }
        ).picture()
    }

    /// Pictures of a registry: how it grew, and what is kept by base, task and codec.
    public static func whole(growth: [GrowthDay], groups: [(SavingsReport.Grouping, [SavingsReport.Group])]) -> Picture
    {
        Picture.stacked(
            "What is kept of what was registered",
            [GrowthPicture(growth).picture()] + groups.map { SavingsPicture($0.0, $0.1).picture() })
    }

    /// The same in figures.
    func table(path: (String) -> String?) -> Markup {
        var table = DataTable(
            "Savings by \(grouping.rawValue)",
            [
                .text(grouping.rawValue.capitalized), .number("Versions"), .number("Registered"), .number("Kept"),
                .number("Ratio"),
            ])
        for group in groups {
            table.add([
                Parts.link(path(group.name), text: group.name), "\(NumberFormat.count(group.versions))",
                Parts.bytes(group.rawBytes), Parts.bytes(group.storedBytes),
                Parts.ratio(group.rawBytes, group.storedBytes),
            ])
        }
        return table.markup
    }
}
