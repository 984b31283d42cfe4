public import DeltaicCore
internal import Foundation
internal import Glibc

/// A pack that another registry sends in parts, as far as it is here.
///
/// The file outlives the process, so that a transfer that was cut off goes on where it was. One value at a time, in all
/// processes, has it open.
public final class IncomingPack: Sendable {
    /// What nobody has added to for so many seconds is given up.
    static let ageLimit = 7 * 24 * 3600

    public let id: Digest
    let path: String
    private let descriptor: Int32

    /// - Throws: `.registryLocked` if somebody else is receiving the pack.
    fileprivate init(id: Digest, folder: String) throws(DeltaicError) {
        self.id = id
        path = folder + "/" + id.hex + ".part"
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .systemCall("open", path: path, errno: errno) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                close(descriptor)
                if code == EINTR { continue }
                guard code == EWOULDBLOCK else { throw .systemCall("flock", path: path, errno: code) }
                throw DeltaicError(
                    .registryLocked, "the pack is being received already", at: ["pack \(id.short)"],
                    advice: "wait until that is done, and try again")
            }
            var status = stat()
            // Another owner may have removed the file before this one got the lock.
            if fstat(descriptor, &status) == 0, status.st_nlink > 0 {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        close(descriptor)
    }

    /// How many of its bytes are here.
    public var received: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Appends bytes.
    /// - Throws: `.ioFailure` or `.noSpace`.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(DeltaicError) {
        var offset = received
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .systemCall("write", path: path, errno: errno) }
            done += count
            offset += count
        }
    }

    /// Appends bytes.
    public func append(_ bytes: [UInt8]) throws(DeltaicError) {
        var failure: DeltaicError?
        bytes.withUnsafeBytes { buffer in
            do throws(DeltaicError) { try append(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Refuses a part that does not begin where the last one ended.
    public func check(offset: Int) throws(DeltaicError) {
        let received = received
        guard offset == received else {
            throw DeltaicError(
                .wrongOffset, "the part does not begin where the last one ended", at: ["pack \(id.short)"],
                expected: "offset \(received)", found: "\(offset)")
        }
    }

    /// Gives up what is here.
    public func discard() {
        unlink(path)
    }

    /// Makes the bytes durable.
    func sync() throws(DeltaicError) {
        guard fsync(descriptor) == 0 else { throw .systemCall("fsync", path: path, errno: errno) }
    }
}

extension ModelRegistry {
    private static let incomingName = "incoming"

    /// The pack with an id, as far as it is here; for whoever receives it, who is alone with it.
    ///
    /// - Throws: `.registryLocked` if another process, or another client of this one, receives it.
    public func incomingPack(_ id: Digest) throws -> IncomingPack {
        let folder = try directory.uploads.folder(Self.incomingName)
        removeOldIncoming(in: folder)
        return try IncomingPack(id: id, folder: folder)
    }

    /// Whether the disk has room for what is to come.
    public func hasRoom(for byteCount: Int) -> Bool {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else { return true }
        return byteCount <= free
    }

    /// How much of a pack is here, without a claim to it.
    public func incomingBytes(_ id: Digest) -> Int {
        var status = stat()
        return lstat("\(directory.uploads.path)/\(Self.incomingName)/" + id.hex + ".part", &status) == 0
            ? Int(status.st_size) : 0
    }

    private func removeOldIncoming(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                time(nil) - status.st_mtim.tv_sec > IncomingPack.ageLimit
            else { continue }
            unlink(folder + "/" + name)
        }
    }
}
