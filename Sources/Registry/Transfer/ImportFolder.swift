public import DeltaicCore
internal import Foundation
internal import Glibc
internal import TensorFiles

/// Where the files of a model are downloaded to before they are registered.
///
/// The folder outlives the process, so that a download that was cut off goes on where it was. One value at a time has it.
public final class ImportFolder: Sendable {
    private let root: String
    private let lock: Int32

    /// The folder that is registered.
    public var files: String { root + "/files" }

    fileprivate init(root: String) throws(DeltaicError) {
        self.root = root
        let path = root + "/lock"
        lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw .systemCall("open", path: path, errno: errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw DeltaicError(
                .registryLocked, "another process is importing the same", at: [root],
                advice: "wait until it is done, and try again")
        }
    }

    deinit {
        close(lock)
    }

    /// Where a file is to lie, and where it lies while it is not complete; the folders of both are made.
    /// - Throws: `.unsafePath` for a path that leads elsewhere, or that not every system can have.
    public func places(for path: String) throws -> (file: String, part: String) {
        try FileNames.check(path)
        let file = files + "/" + path
        let part = root + "/parts/" + (try Digest.sha256(Array(path.utf8))).hex
        for folder in [(file as NSString).deletingLastPathComponent, root + "/parts"] {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw DeltaicError(
                    .ioFailure, "cannot create a folder: \(error.localizedDescription)", at: [folder])
            }
        }
        return (file, part)
    }

    /// Checks that files of these paths can lie beside each other.
    /// - Throws: `.unsafePath` or `.collidingPaths`.
    public static func check(_ paths: [String]) throws {
        for path in paths { try FileNames.check(path) }
        try FileNames.checkTogether(paths)
    }

    /// Removes all that was downloaded.
    public func remove() {
        try? FileManager.default.removeItem(atPath: root)
    }
}

extension ModelRegistry {
    /// The folder for what is known by a key: the same one as long as it was not removed.
    public func importFolder(_ key: Digest) throws -> ImportFolder {
        let parent = try directory.uploads.folder("imports")
        for name in UploadFolder.names(in: parent) where name != key.hex {
            let path = parent + "/" + name
            guard let age = UploadFolder.age(of: path + "/lock"), age > 7 * 24 * 3600 else { continue }
            try? FileManager.default.removeItem(atPath: path)
        }
        return try ImportFolder(root: try directory.uploads.folder("imports", key.hex))
    }
}
