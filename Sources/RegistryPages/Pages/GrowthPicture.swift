internal import DeltaicCore
internal import Foundation
public import Registry

/// What was registered and what is kept of it, as it grew.
public struct GrowthPicture: Sendable {
    let days: [GrowthDay]
    /// Where the axis ends, in days since 1970.
    let today: Int

    /// - Parameter today: where the axis ends, in days since 1970; now if it is not given.
    public init(_ days: [GrowthDay], today: Int? = nil) {
        self.days = days
        let today = today ?? Int(Date().timeIntervalSince1970) / 86400
        self.today = max(today, days.last?.day ?? today)
    }

    public func picture() -> Picture {
        var sums = (raw: 0, stored: 0, versions: 0)
        var raw: [LineChart.Point] = []
        var stored: [LineChart.Point] = []
        let first = days.first?.day ?? today
        for day in days {
            sums = (sums.raw + day.rawBytes, sums.stored + day.storedBytes, sums.versions + day.versions)
            let date = Self.date(day.day)
            let count = NumberFormat.count(sums.versions, "version")
            raw.append(
                .init(
                    x: Double(day.day), y: Double(sums.raw),
                    title: "\(date): \(ByteFormat.text(sums.raw)) registered, \(count)"))
            stored.append(
                .init(
                    x: Double(day.day), y: Double(sums.stored),
                    title: "\(date): \(ByteFormat.text(sums.stored)) kept, \(count)"))
        }
        let days = Set([first, (first + today) / 2, today]).sorted()
        return LineChart(
            label: "Bytes registered and bytes kept, by the day on which what is there was registered",
            caption: "Over time, of what is there today",
            series: [
                .init(name: "registered", style: "registered", points: raw, isStepped: true),
                .init(name: "kept", style: "kept", points: stored, isStepped: true),
            ], least: 0, formatY: { ByteFormat.text(Int($0)) },
            ticksX: days.map { (Double($0), Self.date($0)) }
        ).picture()
    }

    private static func date(_ day: Int) -> String { String(NumberFormat.date(day * 86400).prefix(10)) }
}
