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
    private let clients: Mutex<RecentClients>

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
        clients = Mutex(RecentClients(limit: clientLimit))
    }

    /// The number of clients that are remembered.
    var clientCount: Int { clients.withLock(\.count) }

    /// Decides on a request of a client at a moment.
    func admit(_ client: String, now: ContinuousClock.Instant) -> Admission {
        clients.withLock { clients in
            // Two go for each one that may come, so that a crowd that left is forgotten while others ask.
            clients.forgetOldest(2) { $0 <= now }
            let fullAt = max(clients.fullAt(client) ?? now, now)
            let delay = max(.zero, now.duration(to: fullAt) - rule.tolerance)
            guard delay <= rule.maximumDelay else {
                // Seen again, though: whoever keeps asking is not the first to be forgotten.
                clients.setFullAt(fullAt, for: client)
                return .refused(retryAfter: delay)
            }
            clients.setFullAt(fullAt + rule.interval, for: client)
            return delay == .zero ? .now : .after(delay)
        }
    }
}

/// When the buckets of clients will be full, in the order in which the clients were last seen.
///
/// A list through an array, with a dictionary into it: all of it in constant time.
private struct RecentClients {
    private struct Entry {
        var client: String
        var fullAt: ContinuousClock.Instant
        var older: Int?
        var newer: Int?
    }

    private let limit: Int
    private var entries: [Entry] = []
    private var free: [Int] = []
    private var positions: [String: Int] = [:]
    private var oldest: Int?
    private var newest: Int?

    init(limit: Int) { self.limit = limit }

    var count: Int { positions.count }

    func fullAt(_ client: String) -> ContinuousClock.Instant? {
        positions[client].map { entries[$0].fullAt }
    }

    /// Remembers a client as the one seen last; if there are too many then, the oldest is forgotten.
    mutating func setFullAt(_ fullAt: ContinuousClock.Instant, for client: String) {
        if let position = positions[client] {
            entries[position].fullAt = fullAt
            guard position != newest else { return }
            unlink(position)
            link(position)
            return
        }
        if count >= limit { forgetOldest(1) { _ in true } }
        let entry = Entry(client: client, fullAt: fullAt)
        let position = free.popLast() ?? entries.count
        if position == entries.count { entries.append(entry) } else { entries[position] = entry }
        positions[client] = position
        link(position)
    }

    /// Forgets so many of the oldest clients, up to the first for which `mayGo` is false.
    mutating func forgetOldest(_ count: Int, where mayGo: (ContinuousClock.Instant) -> Bool) {
        for _ in 0..<count {
            guard let position = oldest, mayGo(entries[position].fullAt) else { return }
            unlink(position)
            positions[entries[position].client] = nil
            entries[position].client = ""
            free.append(position)
        }
    }

    private mutating func unlink(_ position: Int) {
        let (older, newer) = (entries[position].older, entries[position].newer)
        if let older { entries[older].newer = newer } else { oldest = newer }
        if let newer { entries[newer].older = older } else { newest = older }
        entries[position].older = nil
        entries[position].newer = nil
    }

    private mutating func link(_ position: Int) {
        entries[position].older = newest
        if let newest { entries[newest].newer = position } else { oldest = position }
        newest = position
    }
}
