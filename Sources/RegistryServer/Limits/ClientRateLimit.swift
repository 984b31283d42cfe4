internal import DeltaicCore
internal import Synchronization

extension DeltaicError.Code {
    /// A limit of the server that cannot be kept, or lets nobody in.
    static let badLimit = Self("badLimit", .refusedInput)
}

/// How many requests each client may make: a token bucket per client, that of another never affected.
///
/// In any span of t seconds at most `burst + rate * t` requests of a client are admitted, those that wait counted when their wait
/// is over. Those that wait have a place each: a later request of the same client is never admitted before an earlier
/// one. Nothing here waits, and the time is the caller's.
///
/// Memory is bounded: a client is forgotten when its bucket is full again, and beyond a number of clients the one that has
/// asked for nothing for the longest time is, full or not. Each call does a constant amount of work in the mean.
final class ClientRateLimit: Sendable {
    /// What becomes of a request.
    enum Admission: Equatable, Sendable {
        /// It may go on.
        case now
        /// It may go on after this long; its place is taken, whether it is used or not.
        case after(Duration)
        /// It is refused and takes no place; after this long it would be let in at once.
        case refused(retryAfter: Duration)
    }

    /// How fast buckets fill, and how full they get.
    ///
    /// A bucket is kept as the moment at which it will be full if nothing more is asked of it. That is the token bucket (and
    /// the generic cell rate algorithm), without a number of tokens to be brought up to date.
    private struct Rule {
        /// How long one token takes.
        let interval: Duration
        /// How long all tokens but one take: a request is admitted at once if its bucket will be full that soon.
        let tolerance: Duration
        let maximumDelay: Duration
    }

    private let rule: Rule
    /// When the bucket of each client will be full.
    private let clients: Mutex<BoundedCache<String, ContinuousClock.Instant>>

    /// - Parameters:
    ///   - rate: requests per second; to the nanosecond that a request takes, rounded down.
    ///   - burst: requests at once after a pause.
    ///   - maximumDelay: how long a request may wait before it is refused.
    ///   - clientLimit: how many clients are remembered.
    /// - Throws: `.badLimit` if the rate or the burst lets nothing through, or a limit is negative.
    init(rate: Double, burst: Int, maximumDelay: Duration = .zero, clientLimit: Int = 100_000) throws {
        // Less than one in eleven days has no use, and would not fit the arithmetic.
        guard rate >= 1e-6, rate <= 1e9 else {
            throw DeltaicError(
                .badLimit, "the rate of requests per client is out of bounds", expected: "0.000001 to 1e9 per second",
                found: "\(rate)", advice: "give another rate, or none for no limit")
        }
        guard (1...1_000_000).contains(burst), maximumDelay >= .zero, clientLimit > 0 else {
            throw DeltaicError(
                .badLimit, "a limit on requests per client is out of bounds",
                expected: "a burst of 1 to 1000000, a delay that is not negative, at least one client",
                found: "a burst of \(burst), a delay of \(maximumDelay), \(clientLimit) clients",
                advice: "give other limits")
        }
        let interval = Duration.nanoseconds(Int64((1e9 / rate).rounded(.up)))
        rule = Rule(interval: interval, tolerance: interval * (burst - 1), maximumDelay: maximumDelay)
        clients = Mutex(BoundedCache(limit: clientLimit))
    }

    /// The number of clients that are remembered.
    var clientCount: Int { clients.withLock(\.count) }

    /// Decides on a request of a client at a moment.
    func admit(_ client: String, now: ContinuousClock.Instant) -> Admission {
        clients.withLock { clients in
            // Two go for each one that may come, so that a crowd that left is forgotten while others ask.
            for _ in 0..<2 {
                guard let (oldest, fullAt) = clients.leastRecent, fullAt <= now else { break }
                clients.remove(oldest)
            }
            let fullAt = max(clients.value(for: client) ?? now, now)
            let delay = max(.zero, now.duration(to: fullAt) - rule.tolerance)
            guard delay <= rule.maximumDelay else {
                // Seen again, though: whoever keeps asking is not the first to be forgotten.
                clients.insert(fullAt, for: client, cost: 1)
                return .refused(retryAfter: delay)
            }
            clients.insert(fullAt + rule.interval, for: client, cost: 1)
            return delay == .zero ? .now : .after(delay)
        }
    }
}
