internal import DeltaicCore
internal import Foundation

/// Places values along an axis, with round numbers marked.
struct ChartScale {
    let values: ClosedRange<Double>
    let places: (start: Double, end: Double)
    let ticks: [Double]

    /// An axis from zero, or from the least value, to a round number above the greatest.
    init(upTo greatest: Double, from least: Double = 0, along places: (Double, Double), about count: Int = 4) {
        let span = greatest > least ? greatest - least : max(abs(greatest), 1)
        let step = Self.roundStep(span / Double(count))
        // Figures at the ends of what numbers can be have no round ones around them.
        guard span.isFinite, step.isNormal, abs(least) + span < 1e300, abs(least) / step < 1e12 else {
            self = ChartScale(
                over: min(least, greatest)...max(least, greatest), along: places, ticks: [least, greatest])
            return
        }
        let start = (least / step).rounded(.down) * step
        let end = max(((least + span) / step).rounded(.up) * step, start + step)
        values = start...end
        self.places = places
        ticks = (0...Int(((end - start) / step).rounded())).map { start + Double($0) * step }
    }

    /// An axis over exactly these values, with these ones marked.
    init(over values: ClosedRange<Double>, along places: (Double, Double), ticks: [Double]) {
        self.values =
            values.lowerBound < values.upperBound
            ? values : values.lowerBound...values.lowerBound + max(1, abs(values.lowerBound))
        self.places = places
        self.ticks = ticks
    }

    func place(_ value: Double) -> Double {
        let part = (value - values.lowerBound) / (values.upperBound - values.lowerBound)
        return places.start + part * (places.end - places.start)
    }

    /// 1, 2 or 5 times a power of ten.
    private static func roundStep(_ least: Double) -> Double {
        let power = pow(10, log10(least).rounded(.down))
        return ([1, 2, 5].first { $0 * power >= least * 0.999 } ?? 10) * power
    }
}
