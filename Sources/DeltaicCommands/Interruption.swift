internal import Dispatch
internal import Glibc
internal import Synchronization

/// Waits for the signals that ask the process to stop, as long as the value lives.
final class Interruption {
    private let state: InterruptionState
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter cancel: called once, from another thread.
    init(cancel: @escaping @Sendable () -> Void) {
        let state = InterruptionState(cancel: cancel)
        self.state = state
        for number in [SIGINT, SIGTERM, SIGHUP] {
            // `nohup` has set it so, and means it.
            if number == SIGHUP && Self.isIgnored(number) { continue }
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { state.receive(number) }
            source.resume()
            sources.append(source)
        }
    }

    /// The exit status of a process that was interrupted, nil if it was not.
    var status: Int32? { state.status }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN as __sighandler_t?, to: Int.self)
    }
}

/// Which signal came first, and what it does.
private final class InterruptionState: Sendable {
    /// After that the process ends, whatever the command does; what it leaves is what a crash would.
    private static let grace = DispatchTimeInterval.seconds(5)

    private let received = Mutex<Int32?>(nil)
    private let cancel: @Sendable () -> Void

    init(cancel: @escaping @Sendable () -> Void) {
        self.cancel = cancel
    }

    var status: Int32? {
        received.withLock { $0.map { 128 + $0 } }
    }

    func receive(_ number: Int32) {
        let isFirst = received.withLock { received in
            defer { received = received ?? number }
            return received == nil
        }
        // Whoever asks twice does not want to wait.
        guard isFirst else { _exit(128 + number) }
        cancel()
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.grace) { _exit(128 + number) }
    }
}
