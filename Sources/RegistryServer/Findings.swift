internal import DeltaicCore
internal import HTTPTypes
internal import Registry

/// What takes long to find out and then never changes: it is found in the background, one thing after the other, and kept.
actor Findings<Key: Hashable & Sendable, Value: Sendable> {
    enum State: Sendable {
        case working
        case known(Value)
        case failed(any Error)
    }

    private enum Entry {
        case known(Value)
        case failed(any Error, at: ContinuousClock.Instant)
    }

    /// What failed is tried again after this.
    private static var retryAfter: Duration { .seconds(30) }
    /// What nobody asked for again in this time is not begun.
    private static var interest: Duration { .seconds(60) }
    /// What may wait at a time.
    private static var mostWaiting: Int { 32 }

    private let permits: Permits
    private let cost: @Sendable (Value) -> Int
    private var entries: BoundedCache<Key, Entry>
    /// What is being found out, or waits for it, and when somebody asked for it last.
    private var running: [Key: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - permits: shared with other findings that should not be made at the same time.
    ///   - limit: of the costs of all that is kept, in bytes.
    init(permits: Permits, limit: Int, cost: @escaping @Sendable (Value) -> Int) {
        self.permits = permits
        self.cost = cost
        entries = BoundedCache(limit: limit)
    }

    /// What is being found out, or waits for it.
    var pending: [Key] { Array(running.keys) }

    /// What is known by now, and nothing is begun.
    func known(_ key: Key) -> Value? {
        if case .known(let value) = entries.value(for: key) { value } else { nil }
    }

    /// Keeps what was found out elsewhere.
    func keep(_ value: Value, for key: Key) { keep(.known(value), for: key) }

    /// What is known by now; begins to find it out if nothing is.
    ///
    /// - Parameter patience: how long to wait for it.
    /// - Throws: `ServerError` 503 if too much is waiting already.
    func state(of key: Key, patience: Duration, _ find: @escaping @Sendable () async throws -> Value) async throws
        -> State
    {
        let end = ContinuousClock.now + patience
        var pause = Duration.milliseconds(2)
        while true {
            switch entries.value(for: key) {
            case .known(let value): return .known(value)
            case .failed(let error, let time):
                if ContinuousClock.now - time < Self.retryAfter { return .failed(error) }
                entries.remove(key)
            case nil: break
            }
            try begin(key, find)
            guard ContinuousClock.now < end else { return .working }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(100))
        }
    }

    private func begin(_ key: Key, _ find: @escaping @Sendable () async throws -> Value) throws {
        let isRunning = running[key] != nil
        guard isRunning || running.count < Self.mostWaiting else {
            throw ServerError(
                .serviceUnavailable, "\(Self.mostWaiting) others wait for the same; try again in a minute",
                headers: [.retryAfter: "60"])
        }
        running[key] = .now
        guard !isRunning else { return }
        Task {
            let permit = await permits.take()
            defer { withExtendedLifetime(permit) {} }
            guard isWanted(key) else { return }
            do {
                end(.known(try await find()), for: key)
            } catch {
                end(.failed(error, at: .now), for: key)
            }
        }
    }

    private func isWanted(_ key: Key) -> Bool {
        guard let asked = running[key], ContinuousClock.now - asked < Self.interest else {
            running[key] = nil
            return false
        }
        return true
    }

    private func end(_ entry: Entry, for key: Key) {
        running[key] = nil
        keep(entry, for: key)
    }

    private func keep(_ entry: Entry, for key: Key) {
        // What is too large to be kept would be found out for ever.
        let cost = if case .known(let value) = entry { min(cost(value), entries.limit) } else { 64 }
        entries.insert(entry, for: key, cost: cost)
    }
}
