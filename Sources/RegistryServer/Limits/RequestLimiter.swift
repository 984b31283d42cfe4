internal import HTTPTypes
internal import Hummingbird

/// Keeps each client to its rate: a little too fast is slowed down, much too fast refused.
///
/// Slowing down comes first because not every client tries again after a refusal: those of 2025 do not after a 429.
struct RequestLimiter: Sendable {
    let limit: ClientRateLimit?

    /// - Throws: `ServerError` 429 with `Retry-After`.
    func admit(_ client: String, metrics: ServerMetrics) async throws {
        guard let limit else { return }
        switch limit.admit(client, now: .now) {
        case .now:
            return
        case .after(let delay):
            metrics.delayed()
            try await Task.sleep(for: delay)
        case .refused(let retryAfter):
            metrics.rateLimited()
            let seconds = max(1, retryAfter.components.seconds + 1)
            throw ServerError(
                .tooManyRequests, "too many requests: try again in \(seconds) seconds",
                headers: [.retryAfter: "\(seconds)"])
        }
    }
}
