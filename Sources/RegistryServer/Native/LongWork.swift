internal import HTTPTypes

/// Work that takes longer than clients and proxies wait for an answer: it goes on whoever leaves, and whoever asks again gets what
/// came of it.
actor LongWork<Value: Sendable> {
    private enum State {
        case running
        case done(Result<Value, any Error>)
    }

    /// What nobody asked for again is forgotten when there are more results than this.
    private static var resultLimit: Int { 64 }
    /// How long one request waits.
    private static var patience: Duration { .seconds(20) }

    private var states: [String: State] = [:]
    private var last: Task<Void, Never>?

    /// - Parameters:
    ///   - key: tells pieces of work apart.
    ///   - body: begun unless it is under way; one runs after the other.
    /// - Throws: what `body` throws, or `ServerError` 503 if it takes longer.
    func run(_ key: String, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if states[key] == nil { begin(key, body) }
        let end = ContinuousClock.now + Self.patience
        var pause = Duration.milliseconds(2)
        while ContinuousClock.now < end {
            switch states[key] {
            case .done(let result):
                states[key] = nil
                return try result.get()
            case .running:
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            case nil:
                // Another request has taken the result.
                begin(key, body)
            }
        }
        throw ServerError(
            .serviceUnavailable, code: .working, "this takes a while; ask again for what comes of it",
            headers: [.retryAfter: "1"])
    }

    private func begin(_ key: String, _ body: @escaping @Sendable () async throws -> Value) {
        if states.count >= Self.resultLimit {
            states = states.filter { if case .running = $0.value { true } else { false } }
        }
        states[key] = .running
        let before = last
        last = Task {
            await before?.value
            do {
                finish(key, .success(try await body()))
            } catch {
                finish(key, .failure(error))
            }
        }
    }

    private func finish(_ key: String, _ result: Result<Value, any Error>) {
        states[key] = .done(result)
    }
}
