internal import HTTPTypes
internal import Metrics

/// What the server counts.
struct ServerMetrics: Sendable {
    /// What metrics mean, by the names under which Prometheus sees them.
    static let help = [
        "deltaic_http_requests_total": "Requests that were answered, by route, method and status.",
        "deltaic_http_request_duration_seconds": "Time until the last byte of an answer was handed to its connection.",
        "deltaic_http_requests_active": "Requests that are being answered.",
        "deltaic_content_sent_bytes_total": "Bytes of files and tensors that were sent.",
        "deltaic_content_cut_off_total": "Answers that were cut off because stored data is damaged.",
        "deltaic_http_rate_limited_total": "Requests that were refused because their client sent too many.",
        "deltaic_http_rate_delayed_total": "Requests that were slowed down because their client sent too many.",
    ]

    private let factory: any MetricsFactory
    private let active: Meter
    private let sentBytes: Counter
    private let cutOffs: Counter
    private let refusals: Counter
    private let delays: Counter

    init(factory: any MetricsFactory) {
        self.factory = factory
        active = Meter(label: "deltaic.http.requests.active", dimensions: [], factory: factory)
        sentBytes = Counter(label: "deltaic.content.sent.bytes", dimensions: [], factory: factory)
        cutOffs = Counter(label: "deltaic.content.cut.off", dimensions: [], factory: factory)
        refusals = Counter(label: "deltaic.http.rate.limited", dimensions: [], factory: factory)
        delays = Counter(label: "deltaic.http.rate.delayed", dimensions: [], factory: factory)
    }

    func began() {
        active.increment()
    }

    /// - Parameters:
    ///   - route: the route's template, so that there are no more names than routes.
    ///   - nanoseconds: until the last byte was handed to the connection.
    func finished(route: String, method: HTTPRequest.Method, status: Int, nanoseconds: Int64) {
        active.decrement()
        let dimensions = [("route", route), ("method", method.rawValue), ("status", "\(status)")]
        Counter(label: "deltaic.http.requests", dimensions: dimensions, factory: factory).increment()
        Timer(
            label: "deltaic.http.request.duration", dimensions: [("route", route), ("method", method.rawValue)],
            factory: factory
        ).recordNanoseconds(nanoseconds)
    }

    func sent(_ bytes: Int) {
        sentBytes.increment(by: bytes)
    }

    /// A response ended before its last byte because what was stored is damaged.
    func cutOff() {
        cutOffs.increment()
    }

    func rateLimited() {
        refusals.increment()
    }

    func delayed() {
        delays.increment()
    }
}
