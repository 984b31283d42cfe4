import Foundation
import Glibc
import Metrics
import Testing

@testable import RegistryServer

@Suite("Metrics for Prometheus")
struct PrometheusMetricsTests {
    @Test("every kind of metric is exposed under its name and type, with labels")
    func kinds() throws {
        let metrics = PrometheusMetrics(help: ["hub_requests_total": "Requests."])
        let labels = [("route", "/api"), ("code", "200")]
        Counter(label: "hub.requests", dimensions: labels, factory: metrics).increment(by: 3)
        FloatingPointCounter(label: "wait", factory: metrics).increment(by: 0.25)
        Gauge(label: "open.connections", factory: metrics).record(7)
        Meter(label: "cache.bytes", factory: metrics).set(1.5)
        Recorder(label: "body-bytes", factory: metrics).record(100)
        Timer(label: "request.duration", dimensions: labels, factory: metrics).recordMilliseconds(30)

        let page = try ExpositionPage(metrics.exposition())
        #expect(page.value("hub_requests_total", ["code": "200", "route": "/api"]) == 3)
        #expect(page.helps["hub_requests_total"] == "Requests.")
        #expect(page.value("wait_total") == 0.25)
        #expect(page.value("open_connections") == 7 && page.value("cache_bytes") == 1.5)
        #expect(page.value("body_bytes_sum") == 100 && page.value("body_bytes_count") == 1)
        #expect(page.value("request_duration_seconds_sum", ["code": "200", "route": "/api"]) == 0.03)
        let types = [
            "hub_requests_total": "counter", "wait_total": "counter", "open_connections": "gauge",
            "cache_bytes": "gauge", "body_bytes": "histogram", "request_duration_seconds": "histogram",
        ]
        for (name, type) in types { #expect(page.types[name] == type) }
    }

    @Test("buckets of a timer are cumulative, from 1 ms to 60 s, and end in all")
    func buckets() throws {
        let metrics = PrometheusMetrics()
        let timer = Timer(label: "t", factory: metrics)
        for nanoseconds in [0, 1_000_000, 1_000_001, 60_000_000_000, 61_000_000_000, -5] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        let page = try ExpositionPage(metrics.exposition())
        #expect(page.value("t_seconds_bucket", ["le": "0.001"]) == 3)
        #expect(page.value("t_seconds_bucket", ["le": "0.0025"]) == 4)
        #expect(page.value("t_seconds_bucket", ["le": "60"]) == 5)
        #expect(page.value("t_seconds_bucket", ["le": "+Inf"]) == 6 && page.value("t_seconds_count") == 6)
        let counts = page.samples.filter { $0.name == "t_seconds_bucket" }.map(\.value)
        #expect(counts == counts.sorted() && counts.count == 16)
    }

    @Test("bounds of histograms can be given by name")
    func givenBounds() throws {
        let metrics = PrometheusMetrics(bounds: ["t_seconds": [2, 0.5, .infinity, 2]])
        Timer(label: "t", factory: metrics).recordSeconds(1)
        let bounds = try ExpositionPage(metrics.exposition()).samples.compactMap { $0.labels["le"] }
        #expect(bounds == ["0.5", "2", "+Inf"])
    }

    @Test(
        "any text can be a label's value, and comes back as it was",
        arguments: ["plain", "a\"b", "back\\slash", "line\nfeed", "\r\n", "é", "{}=,", "\\n", "\u{0}\u{1b}"])
    func escapes(value: String) throws {
        let metrics = PrometheusMetrics()
        Counter(label: "c", dimensions: [("v", value)], factory: metrics).increment()
        #expect(try ExpositionPage(metrics.exposition()).value("c_total", ["v": value]) == 1)
    }

    @Test("any text can be a name")
    func names() throws {
        let metrics = PrometheusMetrics()
        for name in ["", "9lives", "a b", "é", "x{y=\"z\"}", "n\n# TYPE"] {
            Gauge(label: name, dimensions: [(name, "1"), ("__" + name, "2"), ("le", "3")], factory: metrics).record(1)
        }
        let page = try ExpositionPage(metrics.exposition())
        #expect(page.samples.contains { $0.name == "_9lives" && $0.labels["_9lives"] == "1" })
        #expect(page.samples.allSatisfy { $0.labels["le"] == nil })
    }

    @Test("the same name and dimensions in any order are one metric; empty values are no label")
    func sameSeries() throws {
        let metrics = PrometheusMetrics()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: metrics).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1"), ("z", "")], factory: metrics).increment()
        FloatingPointCounter(label: "c.total", dimensions: [("a", "1"), ("b", "2")], factory: metrics).increment(by: 1)
        #expect(try ExpositionPage(metrics.exposition()).value("c_total", ["a": "1", "b": "2"]) == 3)
    }

    @Test("beyond the limit label sets are counted together, and that is counted")
    func boundedLabelSets() throws {
        let metrics = PrometheusMetrics(labelSetLimit: 10)
        for user in 0..<1000 {
            Counter(label: "c", dimensions: [("user", "\(user)"), ("code", "1")], factory: metrics).increment()
        }
        Gauge(label: "g", factory: metrics).record(2)
        let page = try ExpositionPage(metrics.exposition())
        #expect(page.samples.filter { $0.name == "c_total" }.count == 11)
        #expect(page.value("c_total", ["user": "5", "code": "1"]) == 1)
        #expect(page.value("c_total", ["user": "other", "code": "other"]) == 990)
        #expect(page.value("g") == 2)
        #expect(page.value("prometheus_label_sets_over_limit_total") == 991)
        // Those that were there before are still told apart.
        Counter(label: "c", dimensions: [("user", "5"), ("code", "1")], factory: metrics).increment()
        #expect(try ExpositionPage(metrics.exposition()).value("c_total", ["user": "5", "code": "1"]) == 2)
    }

    @Test("made-up names of metrics and labels are bounded too")
    func boundedNames() throws {
        let metrics = PrometheusMetrics(labelSetLimit: 10)
        for name in 0..<1000 {
            Counter(label: "c", dimensions: [("l\(name)", "1")], factory: metrics).increment()
            Gauge(label: "g\(name)", factory: metrics).record(1)
        }
        #expect(try ExpositionPage(metrics.exposition()).samples.count < 40)
    }

    @Test("long values are cut")
    func longValues() throws {
        let metrics = PrometheusMetrics()
        Counter(label: "c", dimensions: [("v", String(repeating: "é", count: 1000))], factory: metrics).increment()
        let page = try ExpositionPage(metrics.exposition())
        #expect(page.samples.first { $0.name == "c_total" }?.labels["v"]?.utf8.count == 256)
    }

    @Test("a name that another kind of metric has, or the process, is not exposed twice")
    func conflicts() throws {
        let metrics = PrometheusMetrics()
        Counter(label: "x", factory: metrics).increment()
        Gauge(label: "x.total", factory: metrics).record(9)
        Timer(label: "h", factory: metrics).recordSeconds(1)
        Gauge(label: "h_seconds_count", factory: metrics).record(9)
        Gauge(label: "process.open.fds", factory: metrics).record(-1)
        let page = try ExpositionPage(metrics.exposition())
        #expect(page.value("x_total") == 1 && page.value("h_seconds_count") == 1)
        #expect(page.value("process_open_fds") ?? -1 > 0)
        #expect(page.value("prometheus_name_conflicts_total") == 3)
    }

    @Test("counters never go down or over, gauges do, and what is no number spoils nothing")
    func arithmetic() throws {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "c", factory: metrics)
        counter.increment(by: -5)
        counter.increment(by: Int64.max)
        counter.increment(by: Int64.max)
        let fraction = FloatingPointCounter(label: "f", factory: metrics)
        for amount in [0.5, -1, .nan] { fraction.increment(by: amount) }
        let meter = Meter(label: "m", factory: metrics)
        meter.increment(by: 2)
        meter.decrement(by: 5)
        let recorder = Recorder(label: "r", factory: metrics)
        for value in [4, .nan, .infinity] { recorder.record(value) }
        Gauge(label: "n", factory: metrics).record(Double.nan)
        Gauge(label: "i", factory: metrics).record(-Double.infinity)
        let text = metrics.exposition()
        #expect(
            text.contains("\nc_total 9223372036854775807\n") && text.contains("\nn NaN\n")
                && text.contains("\ni -Inf\n"))
        let page = try ExpositionPage(text)
        #expect(page.value("f_total") == 0.5 && page.value("m") == -3)
        #expect(page.value("r_sum") == 4 && page.value("r_count") == 1)
        counter.reset()
        #expect(try ExpositionPage(metrics.exposition()).value("c_total") == 0)
    }

    @Test("a metric that is destroyed is gone, and makes room")
    func destroyed() throws {
        let metrics = PrometheusMetrics(labelSetLimit: 1)
        let first = Counter(label: "c", dimensions: [("a", "1")], factory: metrics)
        first.increment()
        first.destroy()
        #expect(try ExpositionPage(metrics.exposition()).value("c_total", ["a": "1"]) == nil)
        Counter(label: "c", dimensions: [("a", "2")], factory: metrics).increment()
        #expect(try ExpositionPage(metrics.exposition()).value("c_total", ["a": "2"]) == 1)
    }

    @Test("the same metrics give the same text, whatever the order in which they were made")
    func deterministic() {
        func text(_ numbers: [Int]) -> Substring {
            let metrics = PrometheusMetrics()
            for number in numbers {
                Counter(label: "c\(number % 3)", dimensions: [("n", "\(number)")], factory: metrics).increment(
                    by: number)
            }
            let text = metrics.exposition()
            return text[..<(text.range(of: "# HELP process_")?.lowerBound ?? text.endIndex)]
        }
        #expect(text(Array(0..<50)) == text((0..<50).reversed()))
    }

    @Test("threads that write at once lose nothing")
    func threads() async throws {
        let metrics = PrometheusMetrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for step in 0..<1000 {
                        Counter(label: "c", dimensions: [("s", "\(step % 5)")], factory: metrics).increment()
                        FloatingPointCounter(label: "f", factory: metrics).increment(by: 0.5)
                        Timer(label: "t", factory: metrics).recordMilliseconds(2)
                        Meter(label: "m", factory: metrics).increment(by: 1)
                    }
                }
            }
        }
        let page = try ExpositionPage(metrics.exposition())
        #expect(page.samples.filter { $0.name == "c_total" }.map(\.value) == [1600, 1600, 1600, 1600, 1600])
        #expect(page.value("f_total") == 4000 && page.value("m") == 8000 && page.value("t_seconds_count") == 8000)
    }

    @Test("the process tells its memory, files, processor time and beginning")
    func process() throws {
        let page = try ExpositionPage(PrometheusMetrics().exposition())
        let memory = try #require(page.value("process_resident_memory_bytes"))
        #expect(memory > 1_000_000 && page.value("process_virtual_memory_bytes") ?? 0 >= memory)
        #expect(page.value("process_open_fds") ?? 0 >= 3)
        #expect(page.value("process_open_fds") ?? 0 <= page.value("process_max_fds") ?? 0)
        #expect(page.value("process_cpu_seconds_total") ?? 0 > 0)
        let start = try #require(page.value("process_start_time_seconds"))
        // The clock of the system may have been set since it started, so only the order of magnitude is sure.
        #expect(start > 1_000_000_000 && start < Double(time(nil)) + 86_400)
        #expect(page.types["process_cpu_seconds_total"] == "counter")
    }

    @Test("open files are counted as they come and go")
    func openFiles() throws {
        func count() throws -> Double? {
            try ExpositionPage(PrometheusMetrics().exposition()).value("process_open_fds")
        }
        // Other tests open files too: many enough to be told from theirs.
        let before = try #require(try count())
        let descriptors = (0..<200).map { _ in open("/dev/null", O_RDONLY) }
        #expect(try #require(try count()) > before + 100)
        for descriptor in descriptors { close(descriptor) }
    }
}
