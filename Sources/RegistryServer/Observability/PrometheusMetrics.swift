internal import Metrics
internal import Synchronization

/// Metrics in memory, for Prometheus to scrape: a factory for the types of swift-metrics.
///
/// Give it to `MetricsSystem.bootstrap`, or to a metric as its `factory:`. Dots of labels become underscores, counters get
/// `_total`, timers are histograms in seconds and get `_seconds`; recorders that aggregate are histograms over powers of four,
/// others and meters are gauges. Metrics of the same name and dimensions are one, whoever makes them.
///
/// Memory is bounded: beyond a number of label sets, further ones of a metric are counted together, with `other` as the
/// value of every label. A metric whose name another kind of metric has is not exposed. Both are counted.
final class PrometheusMetrics: MetricsFactory {
    private enum Kind: String {
        case counter, gauge, histogram

        /// The names of the samples of a metric.
        func sampleNames(_ name: String) -> [String] {
            self == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name]
        }
    }

    /// The series of one name.
    private struct Family {
        let kind: Kind
        let help: String
        var series: [String: any PrometheusSeries] = [:]
    }

    private struct Table {
        var families: [String: Family] = [:]
        var sampleNames: Set<String>
        var labelSets = 0
        var otherSets = 0
        var overLimit: UInt64 = 0
        var conflicts: UInt64 = 0
    }

    private static let overLimitName = "prometheus_label_sets_over_limit_total"
    private static let conflictsName = "prometheus_name_conflicts_total"
    /// The value of every label of what is over the limit.
    private static let other = "other"

    private let table: Mutex<Table>
    private let help: [String: String]
    private let bounds: [String: [Double]]
    private let labelSetLimit: Int

    /// - Parameters:
    ///   - help: what metrics are, by exposed name; one that is not there is described by its label.
    ///   - bounds: the upper bounds of histograms, by exposed name, where the usual ones do not do.
    ///   - labelSetLimit: how many label sets there may be, of all metrics together.
    init(help: [String: String] = [:], bounds: [String: [Double]] = [:], labelSetLimit: Int = 2000) {
        self.help = help
        self.bounds = bounds.mapValues { Set($0.filter(\.isFinite)).sorted() }
        self.labelSetLimit = labelSetLimit
        table = Mutex(Table(sampleNames: Set([Self.overLimitName, Self.conflictsName] + ProcessMetrics.names)))
    }

    /// All metrics in Prometheus' text format, sorted by name and labels; then those of the process.
    func exposition() -> String {
        let table = table.withLock(\.self)
        var text = ""
        for (name, family) in table.families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            text += PrometheusText.header(name, type: family.kind.rawValue, help: family.help)
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { text += series.samples() }
        }
        let own = [
            (Self.overLimitName, "Uses of label sets beyond the limit, counted as \"other\".", table.overLimit),
            (Self.conflictsName, "Metrics not exposed, as another kind of metric has their name.", table.conflicts),
        ]
        for (name, help, count) in own {
            text += PrometheusText.header(name, type: "counter", help: help) + PrometheusText.sample(name, "\(count)")
        }
        return text + ProcessMetrics.exposition()
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate
            ? histogram(label, dimensions, suffix: "", bounds: HistogramSeries.sizeBounds) : gauge(label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, suffix: "_seconds", bounds: HistogramSeries.timeBounds)
    }

    func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(label, dimensions, kind: .counter, suffix: "_total") { CounterSeries($0) }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(label, dimensions, kind: .gauge, suffix: "") { GaugeSeries($0) }
    }

    private func histogram(
        _ label: String, _ dimensions: [(String, String)], suffix: String, bounds usual: [Double]
    ) -> HistogramSeries {
        series(label, dimensions, kind: .histogram, suffix: suffix) {
            HistogramSeries($0, bounds: bounds[$0.name] ?? usual)
        }
    }

    /// The series of a metric; a new one if there is none and room for it.
    private func series<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], kind: Kind, suffix: String,
        make: (SeriesIdentity) -> Series
    ) -> Series {
        var name = PrometheusText.metricName(label)
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = PrometheusText.labels(dimensions)
        return table.withLock { table in
            // Only a program that makes up names of metrics or labels fills the room for others, too.
            let isFull = table.labelSets >= labelSetLimit && table.otherSets >= labelSetLimit
            if isFull && table.families[name] == nil {
                table.overLimit += 1
                return make(SeriesIdentity(name: name, labels: labels))
            }
            guard claim(name, kind: kind, label: label, in: &table) else {
                table.conflicts += 1
                return make(SeriesIdentity(name: name, labels: labels))
            }
            if let found = table.families[name]?.series[labels] as? Series { return found }
            let isOver = table.labelSets >= labelSetLimit
            var identity = SeriesIdentity(name: name, labels: labels, isOther: isOver)
            if isOver {
                table.overLimit += 1
                identity.labels = PrometheusText.labels(dimensions, replacingValuesBy: Self.other)
                if let found = table.families[name]?.series[identity.labels] as? Series { return found }
                if isFull { return make(identity) }
                table.otherSets += 1
            } else {
                table.labelSets += 1
            }
            let series = make(identity)
            table.families[name]?.series[identity.labels] = series
            return series
        }
    }

    /// Whether a name is, or becomes, that of metrics of a kind.
    private func claim(_ name: String, kind: Kind, label: String, in table: inout Table) -> Bool {
        if let family = table.families[name] { return family.kind == kind }
        let names = kind.sampleNames(name)
        guard table.sampleNames.isDisjoint(with: names) else { return false }
        table.sampleNames.formUnion(names)
        table.families[name] = Family(kind: kind, help: help[name] ?? label)
        return true
    }

    /// Takes a series away; its label set makes room for another.
    private func remove(_ handler: AnyObject) {
        guard let series = handler as? any PrometheusSeries, !series.identity.isOther else { return }
        let (name, labels) = (series.identity.name, series.identity.labels)
        table.withLock { table in
            guard table.families[name]?.series[labels] === series else { return }
            table.families[name]?.series[labels] = nil
            table.labelSets -= 1
        }
    }
}
