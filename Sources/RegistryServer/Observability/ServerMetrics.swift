internal import HTTPTypes
internal import Metrics

/// What the server counts.
struct ServerMetrics: Sendable {
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
