/// How long one question takes, asked many times.
struct QueryTimes {
    /// In seconds, ascending.
    private let sorted: [Double]

    /// - Parameter runs: how often it is asked, after once that does not count.
    init(runs: Int, _ body: () throws -> Void) throws {
        try body()
        self.init(try (0..<max(1, runs)).map { _ in try ContinuousClock().measure(body) / .seconds(1) })
    }

    init(_ seconds: [Double]) {
        sorted = seconds.sorted()
    }

    var median: Double { quantile(0.5) }
    var worst: Double { sorted.last ?? .nan }
    var count: Int { sorted.count }

    /// The least time that so great a part of all did not exceed.
    func quantile(_ part: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, Int((part * Double(sorted.count)).rounded(.up)) - 1)]
    }
}
