internal import Glibc

/// A file open for reading at any offset, from any task.
public final class ReadOnlyFile: Sendable {
    public let path: String
    /// The size in bytes when the file was opened.
    public let size: Int
    private let descriptor: Int32

    /// - Throws: `.ioFailure` if the file cannot be opened or is no regular file. A symbolic link is not followed.
    public init(path: String) throws(DeltaicError) {
        // A pipe is refused below instead of waited for; regular files know no waiting.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .systemCall("fstat", path: path, errno: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DeltaicError(.ioFailure, "is not a regular file", at: [path])
        }
        self.path = path
        self.descriptor = descriptor
        size = Int(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// Whether its path leads to it no more: it was deleted, or another file was put in its place.
    public var isReplaced: Bool {
        var opened = stat()
        var named = stat()
        guard fstat(descriptor, &opened) == 0, lstat(path, &named) == 0 else { return true }
        return opened.st_ino != named.st_ino || opened.st_dev != named.st_dev
    }

    /// Reads exactly the bytes of `range`.
    ///
    /// - Throws: `.truncated` if the file ends before `range` does, `.ioFailure` if the system refuses.
    public func read(_ range: Range<Int>) throws(DeltaicError) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw DeltaicError(
                .truncated, "the file is too short", at: [path, "offset \(range.lowerBound)"],
                expected: "\(range.upperBound) bytes", found: "\(size)")
        }
        var failure: DeltaicError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + count }, range.count - count, range.lowerBound + count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 {
                    failure = .systemCall("read", path: path, errno: errno)
                    return
                }
                if got == 0 {
                    failure = DeltaicError(
                        .truncated, "the file became shorter while it was read", at: [path],
                        expected: "\(size) bytes", found: "\(range.lowerBound + count)")
                    return
                }
                count += got
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
