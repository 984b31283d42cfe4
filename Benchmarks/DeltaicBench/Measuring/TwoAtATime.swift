import Dispatch
import Synchronization

/// Does independent pieces of work, two at a time.
func twoAtATime<Result: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let state = Mutex(WorkState<Result>())
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
        while true {
            let index = state.withLock { state -> Int? in
                guard state.next < count, state.failure == nil else { return nil }
                state.next += 1
                return state.next - 1
            }
            guard let index else { return }
            do {
                let result = try work(index)
                state.withLock { $0.results[index] = result }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
    }
    return try state.withLock { state in
        if let failure = state.failure { throw failure }
        return (0..<count).compactMap { state.results[$0] }
    }
}

private struct WorkState<Result: Sendable>: Sendable {
    var next = 0
    var results: [Int: Result] = [:]
    var failure: (any Error)?
}
