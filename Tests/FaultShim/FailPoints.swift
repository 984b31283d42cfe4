internal import Glibc

/// Numbers the operations of the process and lets happen what the settings ask for.
enum FailPoints {
    private struct State {
        // All zeros, which is how Linux initialises it.
        var mutex = pthread_mutex_t()
        var counter = 0
    }

    // Allocated, so that the mutex has an address of its own and no access to it is checked for exclusivity.
    nonisolated(unsafe) private static let state: UnsafeMutablePointer<State> = {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State())
        return state
    }()

    /// Runs one operation, or what is to happen instead.
    ///
    /// One at a time, so that the order of the log is the order in which things happened.
    /// - Parameters:
    ///   - half: does the first half of a write; nil for what has no halves.
    ///   - whole: the operation; -1 and `errno` if it fails.
    static func run(_ operation: Operation, half: (() -> Int)? = nil, whole: () -> Int) -> Int {
        pthread_mutex_lock(&state.pointee.mutex)
        let (result, code) = runAlone(operation, half: half, whole: whole)
        pthread_mutex_unlock(&state.pointee.mutex)
        errno = code
        return result
    }

    private static func runAlone(_ operation: Operation, half: (() -> Int)?, whole: () -> Int) -> (Int, Int32) {
        var number = 0
        if settings.kinds & operation.kind.bit != 0 {
            state.pointee.counter += 1
            number = state.pointee.counter
        }
        let isHere = number > 0 && number == settings.failPoint
        let isAfter = settings.isOnward && number > settings.failPoint && settings.failPoint > 0
        guard isHere || isAfter else {
            let result = whole()
            let code = errno
            if result >= 0 { OperationLog.append(operation, number: number, result: result) }
            return (result, code)
        }
        switch settings.action {
        case .kill: die()
        case .torn:
            _ = half?()
            die()
        case .short:
            if isHere, let result = half?(), result > 0 {
                OperationLog.append(operation, number: number, result: result)
                return (result, errno)
            }
        case .fail: break
        }
        OperationLog.append(operation, number: number, result: -1)
        return (-1, settings.errorNumber)
    }

    private static func die() -> Never {
        kill(getpid(), SIGKILL)
        while true { pause() }
    }
}
