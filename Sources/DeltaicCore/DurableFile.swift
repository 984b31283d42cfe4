internal import Glibc

/// A file that appears under its final name only when it is complete and on disk.
///
/// Bytes go to a temporary file beside the final name; ``publish()`` syncs it, renames it and syncs the folder. A value
/// that is dropped before that removes its temporary file.
public final class DurableFile {
    public let path: String
    /// The bytes written so far.
    public private(set) var byteCount = 0
    private static let prefix = ".deltaic-"
    private static let suffix = ".part"
    /// Where the bytes are until they are published.
    public let temporaryPath: String
    private var descriptor: Int32
    private var published = false

    /// Opens a temporary file beside `path`.
    ///
    /// - Parameter isSecret: whether only the user may read the file.
    /// - Throws: `.ioFailure` or `.noSpace`.
    public init(path: String, isSecret: Bool = false) throws(DeltaicError) {
        self.path = path
        temporaryPath = DurableFile.temporaryPath(in: DurableFile.folder(of: path))
        descriptor = open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw .systemCall("create", path: path, errno: errno) }
    }

    /// A name that nobody else uses, and that ``isTemporary(_:)`` knows.
    public static func temporaryPath(in folder: String) -> String {
        // The final name is no part of it: that may be as long as a name can be.
        folder + "/" + prefix + "\(getpid())-\(UInt32.random(in: 0...UInt32.max))" + suffix
    }

    /// Whether a file of this name is one that a killed process did not complete, or that one is working on.
    public static func isTemporary(_ name: String) -> Bool {
        name.hasPrefix(prefix) && name.hasSuffix(suffix)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !published { unlink(temporaryPath) }
    }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(DeltaicError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .systemCall("write", path: temporaryPath, errno: errno) }
            done += count
        }
        byteCount += bytes.count
    }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(DeltaicError) {
        var failure: DeltaicError?
        bytes.withUnsafeBytes { buffer in
            do throws(DeltaicError) { try write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Reads bytes that were written before.
    public func read(_ range: Range<Int>) throws(DeltaicError) -> [UInt8] {
        try ReadOnlyFile(path: temporaryPath).read(range)
    }

    /// Makes the file durable under its final name, replacing a file of that name, or under `name` in the same folder.
    ///
    /// - Parameter synced: false leaves it to the system when the bytes reach the disk, for files that can be made again.
    public func publish(as name: String? = nil, synced: Bool = true) throws(DeltaicError) {
        // A failed sync is final: the kernel may have dropped the pages, so it is not tried again.
        guard !synced || fsync(descriptor) == 0 else { throw .systemCall("fsync", path: temporaryPath, errno: errno) }
        let folder = DurableFile.folder(of: path)
        let final = name.map { folder + "/" + $0 } ?? path
        guard rename(temporaryPath, final) == 0 else { throw .systemCall("rename", path: final, errno: errno) }
        published = true
        if synced { try DurableFile.syncFolder(folder) }
    }

    /// Makes the entries of a folder durable.
    public static func syncFolder(_ path: String) throws(DeltaicError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .systemCall("fsync", path: path, errno: errno) }
    }

    /// The names in a folder, in no order.
    ///
    /// - Throws: `.ioFailure` that says why, which Foundation does not.
    public static func names(in folder: String) throws(DeltaicError) -> [String] {
        guard let stream = opendir(folder) else { throw .systemCall("open", path: folder, errno: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .systemCall("read", path: folder, errno: errno) }
        return names
    }

    /// The folder of a path.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
