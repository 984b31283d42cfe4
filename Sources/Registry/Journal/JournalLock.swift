internal import DeltaicCore
internal import Glibc

/// The journal, open for one process to append to.
final class JournalLock {
    private let path: String
    private let descriptor: Int32

    /// Opens the file, which is made if it is not there, and waits for whoever is writing to it.
    /// - Throws: `.ioFailure` or `.noSpace`.
    init(path: String) throws(DeltaicError) {
        self.path = path
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
            while flock(descriptor, LOCK_EX) != 0 {
                let code = errno
                guard code == EINTR else {
                    close(descriptor)
                    throw .systemCall("flock", path: path, errno: code)
                }
            }
            // Whoever had it may have put another file in its place.
            if Self.isNamed(descriptor, path) {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        close(descriptor)
    }

    private static func isNamed(_ descriptor: Int32, _ path: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    /// Which file it is: another one has the name after the journal was begun anew.
    struct FileID: Sendable, Equatable {
        fileprivate let device: dev_t
        fileprivate let inode: ino_t
    }

    /// The file, and its bytes.
    func file() throws(DeltaicError) -> (id: FileID, size: Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .systemCall("fstat", path: path, errno: errno) }
        return (FileID(device: status.st_dev, inode: status.st_ino), Int(status.st_size))
    }

    /// Writes bytes from an offset on, in place of whatever was there, and makes them durable.
    func append(_ bytes: [UInt8], at offset: Int) throws(DeltaicError) {
        guard ftruncate(descriptor, offset) == 0 else { throw .systemCall("ftruncate", path: path, errno: errno) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .systemCall("write", path: path, errno: errno) }
            done += count
        }
        guard fsync(descriptor) == 0 else { throw .systemCall("fsync", path: path, errno: errno) }
    }
}
