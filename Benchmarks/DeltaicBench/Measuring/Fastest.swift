/// The seconds of the fastest of some runs.
func fastest(of runs: Int, _ body: () throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<max(1, runs) {
        least = min(least, try ContinuousClock().measure(body) / .seconds(1))
    }
    return least
}
