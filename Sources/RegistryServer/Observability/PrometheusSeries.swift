internal import Metrics
internal import Synchronization

/// One metric with one set of labels: what a handler of swift-metrics writes to, and a scrape reads.
protocol PrometheusSeries: AnyObject, Sendable {
    var identity: SeriesIdentity { get }
    /// The lines of this series.
    func samples() -> String
}

/// Which series one is: the exposed name of the metric, and the labels as they are written.
struct SeriesIdentity: Sendable {
    let name: String
    var labels: String
    /// Whether it stands for all label sets beyond the limit.
    var isOther = false
}

/// A number that only grows.
final class CounterSeries: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    let identity: SeriesIdentity
    // Apart, so that counts of bytes stay exact.
    private let whole = Atomic<Int64>(0)
    private let fraction = AtomicDouble()

    init(_ identity: SeriesIdentity) { self.identity = identity }

    /// Adds an amount; a negative one is ignored, and the largest number is not passed.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        var old = whole.load(ordering: .relaxed)
        while true {
            let (sum, isOver) = old.addingReportingOverflow(amount)
            let (isDone, found) = whole.weakCompareExchange(
                expected: old, desired: isOver ? .max : sum, ordering: .relaxed)
            if isDone { return }
            old = found
        }
    }

    /// Adds an amount; one that is negative or no number is ignored.
    func increment(by amount: Double) {
        if amount > 0 { fraction.add(amount) }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.set(0)
    }

    func samples() -> String {
        let (whole, fraction) = (whole.load(ordering: .relaxed), fraction.value)
        let number = fraction == 0 ? "\(whole)" : PrometheusText.number(Double(whole) + fraction)
        return PrometheusText.sample(identity.name, labels: identity.labels, number)
    }
}

/// A number that goes up and down.
final class GaugeSeries: PrometheusSeries, MeterHandler, RecorderHandler {
    let identity: SeriesIdentity
    private let value = AtomicDouble()

    init(_ identity: SeriesIdentity) { self.identity = identity }

    func set(_ value: Int64) { self.value.set(Double(value)) }
    func set(_ value: Double) { self.value.set(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func samples() -> String {
        PrometheusText.sample(identity.name, labels: identity.labels, PrometheusText.number(value.value))
    }
}

/// How many values were at most each of some bounds.
final class HistogramSeries: PrometheusSeries, TimerHandler, RecorderHandler {
    /// Seconds, from 1 ms to 60 s.
    static let timeBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    /// Bytes or counts: powers of four from 1 to 4^15, about a thousand million.
    static let sizeBounds = (0...15).map { Double(1 << (2 * $0)) }

    private struct State {
        /// The values at most each bound and over the one before; then those over the last.
        var counts: [UInt64]
        var sum = 0.0
    }

    let identity: SeriesIdentity
    private let bounds: [Double]
    // One lock and not a row of atomics: a scrape sees counts and sum of the same moment.
    private let state: Mutex<State>

    /// - Parameter bounds: ascending, and finite.
    init(_ identity: SeriesIdentity, bounds: [Double]) {
        self.identity = identity
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    /// Counts a duration as seconds; a clock that went backwards counts as none.
    func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }

    func record(_ value: Int64) { record(Double(value)) }

    /// Counts a value; what is no number, or infinite, is ignored: it would spoil the sum for ever.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func samples() -> String {
        let state = state.withLock(\.self)
        let prefix = identity.labels.isEmpty ? "" : identity.labels + ","
        var (text, count) = ("", UInt64(0))
        for (bound, added) in zip(bounds + [.infinity], state.counts) {
            count += added
            let labels = "\(prefix)le=\"\(PrometheusText.number(bound))\""
            text += PrometheusText.sample(identity.name + "_bucket", labels: labels, "\(count)")
        }
        text += PrometheusText.sample(
            identity.name + "_sum", labels: identity.labels, PrometheusText.number(state.sum))
        return text + PrometheusText.sample(identity.name + "_count", labels: identity.labels, "\(count)")
    }
}

/// A number that threads add to without a lock.
private final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let sum = Double(bitPattern: old) + amount
            let (isDone, found) = bits.weakCompareExchange(expected: old, desired: sum.bitPattern, ordering: .relaxed)
            if isDone { return }
            old = found
        }
    }
}
