internal import DeltaicCore
internal import Foundation
internal import Glibc

/// A temporary folder for what a command needs only while it runs; it goes with the value.
///
/// A process that is killed cannot remove its folder, so a later one does. Beside the contents lies a lock file that is locked
/// as long as the process lives; the kernel gives the lock back. A folder whose lock nobody holds is a leftover.
final class ScratchFolder: Sendable {
    /// Where the contents go: a folder that is empty at first, and whose user finds nothing else in it.
    var path: String { root + "/" + Self.contentsName }

    private static let prefix = "deltaic-"
    private static let lockName = ".deltaic-scratch"
    private static let contentsName = "contents"
    /// No process takes so long from making a folder to locking it; if one does, it begins anew.
    private static let leastAge = 60

    private let root: String
    private let lock: Int32

    /// Removes what killed processes left, and makes a new folder.
    ///
    /// - Parameter parent: the system's folder for temporary files if it is not given.
    /// - Throws: `.ioFailure` or `.noSpace`.
    init(in parent: String = FileManager.default.temporaryDirectory.path) throws(DeltaicError) {
        Self.removeLeftovers(in: parent)
        while true {
            let root = parent + "/" + Self.prefix + UUID().uuidString
            guard let lock = try Self.make(root) else { continue }
            self.root = root
            self.lock = lock
            return
        }
    }

    deinit {
        Self.remove(root)
        close(lock)
    }

    /// Makes the folder and locks it.
    ///
    /// - Returns: the descriptor that holds the lock; nil if another process took the folder for a leftover meanwhile.
    private static func make(_ root: String) throws(DeltaicError) -> Int32? {
        // Weights are the business of nobody else on the machine.
        guard mkdir(root, 0o700) == 0 else { throw .systemCall("mkdir", path: root, errno: errno) }
        let path = root + "/" + lockName
        let lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else {
            let code = errno
            rmdir(root)
            if code == ENOENT { return nil }
            throw .systemCall("create", path: path, errno: code)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(lock)
            if code == EWOULDBLOCK { return nil }
            remove(root)
            throw .systemCall("flock", path: path, errno: code)
        }
        var status = stat()
        guard fstat(lock, &status) == 0, status.st_nlink > 0 else {
            close(lock)
            return nil
        }
        guard mkdir(root + "/" + contentsName, 0o700) == 0 else {
            let code = errno
            remove(root)
            close(lock)
            throw .systemCall("mkdir", path: root, errno: code)
        }
        return lock
    }

    /// Removes a folder that this process has locked.
    private static func remove(_ root: String) {
        // The lock file goes last: whatever comes between, the rest can still be told for a leftover.
        try? FileManager.default.removeItem(atPath: root + "/" + contentsName)
        guard access(root + "/" + contentsName, F_OK) != 0 else { return }
        unlink(root + "/" + lockName)
        rmdir(root)
    }

    // MARK: - Leftovers

    private static func removeLeftovers(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where isOurs(name) {
            removeIfLeft(parent + "/" + name)
        }
    }

    /// Whether a name is one that ``init(in:)`` gives: somebody else's folder may well begin with our name.
    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix(prefix) && UUID(uuidString: String(name.dropFirst(prefix.count))) != nil
    }

    /// Removes a folder that is ours, and that no process uses; what cannot be removed stays for the next time.
    private static func removeIfLeft(_ root: String) {
        var status = stat()
        guard lstat(root, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else { return }
        let lock = open(root + "/" + lockName, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard lock >= 0 else {
            // Killed before there was a lock file, or after: then the folder is empty, and only then this does something.
            if errno == ENOENT, isOld(status) { rmdir(root) }
            return
        }
        defer { close(lock) }
        guard fstat(lock, &status) == 0, status.st_mode & S_IFMT == S_IFREG, isOld(status),
            flock(lock, LOCK_EX | LOCK_NB) == 0
        else { return }
        remove(root)
    }

    private static func isOld(_ status: stat) -> Bool {
        time(nil) - status.st_mtim.tv_sec >= leastAge
    }
}
