internal import DeltaicCore
internal import Glibc
internal import Synchronization

/// A line of the shell as a process of its own, whose standard output is read.
///
/// Not Foundation's `Process`: that waits until nobody has the output open any more, and a command may leave a child in the
/// background that keeps it open for ever.
final class ShellProcess: Sendable {
    /// How a process ended.
    enum End: Equatable, CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)
        /// Whoever started this process keeps it from being told.
        case unknown

        var description: String {
            switch self {
            case .exit(let status): "\(status)"
            case .signal(let number): "signal \(number)"
            case .unknown: "an end that the system did not tell"
            }
        }
    }

    /// Of what is printed, the last bytes are kept: at least so many.
    private static let tailLength = 1 << 16
    /// What a pipe holds at most by Linux's default; a child in the background could print without end.
    private static let pipeLength = 1 << 20
    private static let pollMilliseconds: Int32 = 50

    private let id: pid_t
    private let output: Int32
    /// Whether the process was reaped: then its number may be that of another.
    private let isReaped = Mutex(false)

    /// Starts `/bin/sh -c line sh arguments...` in a process group of its own, with nothing on standard input.
    ///
    /// - Throws: `.evaluationFailed` if it cannot be started.
    init(_ line: String, arguments: [String], environment: [String: String]) throws(DeltaicError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.notStarted(line, errno) }
        // A process that another thread starts just now may inherit them all the same; nothing here waits for their closing.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var id: pid_t = 0
        let code = Self.spawn(
            ["/bin/sh", "-c", line, "sh"] + arguments, environment.map { "\($0.key)=\($0.value)" }, output: ends[1],
            id: &id)
        guard code == 0 else {
            close(ends[0])
            throw Self.notStarted(line, code)
        }
        self.id = id
        output = ends[0]
    }

    deinit {
        close(output)
    }

    /// Asks the process, and what it started in its group, to end.
    func terminate() {
        isReaped.withLock { if !$0 { kill(-id, SIGTERM) } }
    }

    /// Waits until the process has ended, once.
    ///
    /// - Returns: the last bytes of its output, and how it ended.
    func finish() -> (output: [UInt8], end: End) {
        var tail: [UInt8] = []
        var end: End?
        var afterEnd = 0
        while true {
            // Asked before reading, so that what it printed before it ended is there to be read.
            if end == nil { end = reap(WNOHANG) }
            var event = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = poll(&event, 1, end == nil ? Self.pollMilliseconds : 0)
            if ready == 0 || (ready < 0 && errno == EINTR) {
                if end == nil { continue }
                break
            }
            let bytes = read()
            if bytes.isEmpty { break }
            tail += bytes
            if tail.count > 2 * Self.tailLength { tail.removeFirst(tail.count - Self.tailLength) }
            if end != nil { afterEnd += bytes.count }
            if afterEnd >= Self.pipeLength { break }
        }
        if let end { return (tail, end) }
        // The output is closed, and the process goes on.
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return (tail, reap(0) ?? .unknown)
    }

    private func read() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.tailLength) { buffer, count in
            var got: Int
            repeat { got = Glibc.read(output, buffer.baseAddress, buffer.count) } while got < 0 && errno == EINTR
            count = max(0, got)
        }
    }

    /// How the process ended, nil if it has not.
    private func reap(_ options: Int32) -> End? {
        isReaped.withLock { isReaped in
            var status: Int32 = 0
            let found = waitpid(id, &status, options)
            guard found != 0 else { return nil }
            isReaped = true
            guard found == id else { return .unknown }
            let signal = status & 0x7f
            return signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
        }
    }

    // MARK: - Starting

    private static func spawn(
        _ arguments: [String], _ environment: [String], output: Int32, id: inout pid_t
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        // This process ignores the signals that it waits for, and its threads block more; both would be inherited. SIGHUP stays
        // as it is: `nohup` means all that it starts.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let strings = (arguments + environment).map { strdup($0) }
        defer { for string in strings { free(string) } }
        let argv = Array(strings[..<arguments.count]) + [nil]
        let envp = Array(strings[arguments.count...]) + [nil]
        return posix_spawn(&id, "/bin/sh", &actions, &attributes, argv, envp)
    }

    private static func notStarted(_ line: String, _ code: Int32) -> DeltaicError {
        DeltaicError(
            .evaluationFailed, "the command cannot be started: \(String(cString: strerror(code)))", at: [line])
    }
}
