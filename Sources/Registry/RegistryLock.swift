internal import DeltaicCore
internal import Glibc

/// An advisory lock on a file of the registry, held as long as the value lives.
///
/// The kernel gives it back when the process dies, so there are no stale locks.
final class RegistryLock {
    enum Mode {
        case shared
        case exclusive
    }

    private let descriptor: Int32

    /// Takes the lock, waiting for whoever holds it.
    ///
    /// - Parameters:
    ///   - seconds: how long to wait; 0 to try once.
    ///   - progress: told if there is anything to wait for.
    /// - Throws: `.registryLocked` if another process holds it for longer.
    init(path: String, mode: Mode, progress: any ProgressReport, seconds: Int) throws(DeltaicError) {
        // A lock needs no permission to write, so that a registry on read-only media can be read.
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
        let operation = (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB
        var isWaiting = false
        defer { if isWaiting { progress.end() } }
        for attempt in 0...seconds * 20 {
            if flock(descriptor, operation) == 0 { return }
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR else {
                close(descriptor)
                throw .systemCall("flock", path: path, errno: code)
            }
            if attempt == seconds * 20 { break }
            if !isWaiting { progress.begin("waiting for another process", totalBytes: 0) }
            isWaiting = true
            usleep(50_000)
        }
        close(descriptor)
        throw DeltaicError(
            .registryLocked,
            seconds > 0
                ? "another process has been using the registry for \(seconds) seconds"
                : "another process is using the registry", at: [path],
            advice: "wait until it is done, and try again")
    }

    deinit {
        close(descriptor)
    }
}
