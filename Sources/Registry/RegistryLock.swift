internal import DeltaicCore
internal import Glibc

/// An advisory lock on a file of the registry, held as long as the value lives.
///
/// The kernel gives it back when the process dies, so there are no stale locks.
final class RegistryLock: Sendable {
    enum Mode {
        case shared
        case exclusive
    }

    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Takes the lock; nil if somebody else holds it.
    static func attempt(path: String, mode: Mode) throws(DeltaicError) -> RegistryLock? {
        // A lock needs no permission to write, so that a registry on read-only media can be read.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
        let lock = RegistryLock(descriptor: descriptor)
        while flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            let code = errno
            if code == EWOULDBLOCK { return nil }
            guard code == EINTR else { throw .systemCall("flock", path: path, errno: code) }
        }
        return lock
    }
}

/// Waits for locks that somebody else holds.
struct LockWait: Sendable {
    let path: String
    let mode: RegistryLock.Mode
    /// How long to wait; 0 to try once.
    let seconds: Int
    /// Told if there is anything to wait for.
    let progress: any ProgressReport

    /// Takes the lock; the thread waits.
    ///
    /// - Throws: `.registryLocked` if somebody else holds it for longer.
    func run() throws -> RegistryLock {
        if let lock = try RegistryLock.attempt(path: path, mode: mode) { return lock }
        progress.begin("waiting for another process", totalBytes: 0)
        defer { progress.end() }
        for _ in 0..<attempts {
            usleep(50_000)
            if let lock = try RegistryLock.attempt(path: path, mode: mode) { return lock }
        }
        throw refusal
    }

    /// Takes the lock; the task waits, and its thread is free for others: perhaps for the task that holds the lock.
    ///
    /// - Throws: `.registryLocked` if somebody else holds it for longer, or `CancellationError`.
    func run() async throws -> RegistryLock {
        if let lock = try RegistryLock.attempt(path: path, mode: mode) { return lock }
        progress.begin("waiting for another process", totalBytes: 0)
        defer { progress.end() }
        for _ in 0..<attempts {
            try await Task.sleep(for: .milliseconds(50))
            if let lock = try RegistryLock.attempt(path: path, mode: mode) { return lock }
        }
        throw refusal
    }

    private var attempts: Int { seconds * 20 }

    private var refusal: DeltaicError {
        DeltaicError(
            .registryLocked,
            seconds > 0
                ? "another process has been using the registry for \(seconds) seconds"
                : "another process is using the registry", at: [path],
            advice: "wait until it is done, and try again")
    }
}

/// The right to change the registry, among the tasks of this process and among processes.
struct WriterLock: Sendable {
    let turn: Permit
    let lock: RegistryLock
}
