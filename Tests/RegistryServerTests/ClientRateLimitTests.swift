import DeltaicCore
import TestSupport
import Testing

@testable import RegistryServer

@Suite("The rate limit per client")
struct ClientRateLimitTests {
    /// A moment that all times of a test are counted from.
    private let start = ContinuousClock.now

    /// When a request is admitted; nil if it is refused.
    private func time(_ admission: ClientRateLimit.Admission, asked: ContinuousClock.Instant) -> ContinuousClock
        .Instant?
    {
        switch admission {
        case .now: asked
        case .after(let delay): asked + delay
        case .refused: nil
        }
    }

    /// The requests of one client at random moments: in spurts, in rows, and after pauses.
    private func moments(_ random: inout SeededGenerator, count: Int) -> [ContinuousClock.Instant] {
        var moment = start
        return (0..<count).map { _ in
            switch random.next() % 8 {
            case 0: moment += .seconds(Double.random(in: 0..<3, using: &random))
            case 1...3: moment += .milliseconds(Int.random(in: 0..<200, using: &random))
            default: break
            }
            return moment
        }
    }

    @Test(
        "in no span of time more than burst + rate * t are admitted, and in the order in which they asked",
        arguments: 1...20)
    func bounded(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rate = Double.random(in: 0.5..<50, using: &random)
        let burst = Int.random(in: 1...20, using: &random)
        let delay = Duration.milliseconds(Int.random(in: 0...3000, using: &random))
        let limit = try ClientRateLimit(rate: rate, burst: burst, maximumDelay: delay)
        var admitted: [ContinuousClock.Instant] = []
        for asked in moments(&random, count: 2000) {
            let admission = limit.admit("c", now: asked)
            if case .after(let wait) = admission { #expect(wait > .zero && wait <= delay, "seed \(seed)") }
            if case .refused(let wait) = admission { #expect(wait > delay, "seed \(seed)") }
            if let time = time(admission, asked: asked) { admitted.append(time) }
        }
        #expect(admitted == admitted.sorted(), "seed \(seed)")
        for first in admitted.indices {
            let isOver = admitted.indices[first...].prefix(300).contains { last in
                let span = admitted[first].duration(to: admitted[last]) / Duration.seconds(1)
                return Double(last - first + 1) > Double(burst) + rate * span + 1e-6
            }
            #expect(!isOver, "seed \(seed), from request \(first) on")
        }
        #expect(admitted.count > burst, "seed \(seed)")
    }

    @Test("whoever keeps under the rate never waits", arguments: 1...5)
    func slowClients(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limit = try ClientRateLimit(rate: 10, burst: 5, maximumDelay: .seconds(1))
        var moment = start
        for _ in 0..<1000 {
            moment += .milliseconds(Int.random(in: 100...150, using: &random))
            #expect(limit.admit("c", now: moment) == .now, "seed \(seed)")
        }
    }

    @Test("a burst goes at once, the next wait their turn, and the rest is told when to come back")
    func sequence() throws {
        let limit = try ClientRateLimit(rate: 2, burst: 3, maximumDelay: .seconds(1))
        let admissions = (0..<7).map { _ in limit.admit("c", now: start) }
        #expect(admissions[..<3].allSatisfy { $0 == .now })
        #expect(admissions[3] == .after(.milliseconds(500)) && admissions[4] == .after(.seconds(1)))
        // Refused requests take no place: both are told the same.
        #expect(admissions[5] == .refused(retryAfter: .milliseconds(1500)) && admissions[6] == admissions[5])
        #expect(limit.admit("c", now: start + .milliseconds(1500)) == .now)
        #expect(limit.admit("c", now: start + .milliseconds(1500)) == .after(.milliseconds(500)))
    }

    @Test("without a delay nothing waits")
    func noDelay() throws {
        let limit = try ClientRateLimit(rate: 1, burst: 1)
        #expect(limit.admit("c", now: start) == .now)
        #expect(limit.admit("c", now: start + .milliseconds(400)) == .refused(retryAfter: .milliseconds(600)))
        #expect(limit.admit("c", now: start + .seconds(1)) == .now)
    }

    @Test("clients do not take from each other")
    func separate() throws {
        let limit = try ClientRateLimit(rate: 1, burst: 2)
        for _ in 0..<100 { _ = limit.admit("busy", now: start) }
        #expect(limit.admit("calm", now: start) == .now && limit.admit("calm", now: start) == .now)
    }

    @Test("a moment that is earlier than the last gives nothing back")
    func backwards() throws {
        let limit = try ClientRateLimit(rate: 1, burst: 1)
        #expect(limit.admit("c", now: start + .seconds(5)) == .now)
        #expect(limit.admit("c", now: start) == .refused(retryAfter: .seconds(6)))
    }

    @Test("no more clients than the limit are remembered, and the one that is silent longest goes first")
    func memory() throws {
        let limit = try ClientRateLimit(rate: 0.001, burst: 1, clientLimit: 100)
        #expect(limit.admit("keen", now: start) == .now)
        for number in 0..<10_000 {
            #expect(limit.admit("c\(number)", now: start + .milliseconds(number)) == .now)
            // Keeps asking, so it is never forgotten.
            if number % 50 == 0, case .refused = limit.admit("keen", now: start + .milliseconds(number)) { continue }
            #expect(number % 50 != 0)
        }
        #expect(limit.clientCount == 100)
        let end = start + .milliseconds(10_000)
        guard case .refused = limit.admit("c9999", now: end) else { return #expect(Bool(false), "forgot the newest") }
        #expect(limit.admit("c0", now: end) == .now)
    }

    @Test("clients whose buckets are full are forgotten while others ask")
    func forgets() throws {
        let limit = try ClientRateLimit(rate: 100, burst: 10)
        for number in 0..<5000 { _ = limit.admit("c\(number)", now: start) }
        #expect(limit.clientCount == 5000)
        for number in 0..<2500 { _ = limit.admit("other", now: start + .seconds(1) + .milliseconds(100 * number)) }
        #expect(limit.clientCount <= 2)
    }

    @Test("forgetting a client whose bucket is full changes no decision", arguments: 1...10)
    func forgettingIsNeutral(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alone = try ClientRateLimit(rate: 5, burst: 4, maximumDelay: .milliseconds(300))
        let crowded = try ClientRateLimit(rate: 5, burst: 4, maximumDelay: .milliseconds(300))
        for moment in moments(&random, count: 1000) {
            for number in 0..<4 { _ = crowded.admit("\(number + Int(random.next() % 50))", now: moment) }
            #expect(alone.admit("c", now: moment) == crowded.admit("c", now: moment), "seed \(seed)")
        }
    }

    @Test("threads that ask at once get no more than one thread would")
    func threads() async throws {
        let limit = try ClientRateLimit(rate: 1, burst: 500)
        let (start, clients) = (start, 4)
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<1000).count { limit.admit("c\($0 % clients)", now: start) == .now }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 500 * clients)
    }

    @Test(
        "limits that make no sense are refused",
        arguments: [(0, 1), (-1, 1), (.nan, 1), (.infinity, 1), (1, 0), (1, -5), (1, .max)] as [(Double, Int)])
    func badLimits(rate: Double, burst: Int) throws {
        let error = try #require(throws: DeltaicError.self) { try ClientRateLimit(rate: rate, burst: burst) }
        #expect(error.code == .badLimit && error.code.category == .refusedInput)
    }

    @Test("the slowest rate with the largest burst does not overflow")
    func extremes() throws {
        let limit = try ClientRateLimit(rate: 1e-6, burst: 1_000_000, maximumDelay: .seconds(Int64.max / 4))
        for _ in 0..<1000 { #expect(limit.admit("c", now: start) == .now) }
    }
}
