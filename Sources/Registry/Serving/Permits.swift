internal import Synchronization

/// A number of permits, handed out in the order in which they were asked for.
public final class Permits: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    public init(count: Int) {
        state = Mutex(State(free: count))
    }

    /// Waits for a permit, which is given back when the value goes.
    public func take() async -> Permit {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        return Permit(of: self)
    }

    fileprivate func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// One permit, held as long as the value lives.
public final class Permit: Sendable {
    private let owner: Permits

    fileprivate init(of owner: Permits) {
        self.owner = owner
    }

    deinit {
        owner.giveBack()
    }
}
