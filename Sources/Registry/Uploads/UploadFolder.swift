internal import DeltaicCore
internal import Foundation
internal import Glibc

/// The folder of a registry for what clients have sent, and what is not part of any version yet.
///
/// Nothing in it is listed or served. Whatever is in it may be sent again, so it needs no backup; all but `key` may be deleted
/// while nobody uses the registry.
struct UploadFolder: Sendable {
    let path: String

    /// Makes a folder in it, with those above, and returns its path.
    func folder(_ names: String...) throws(DeltaicError) -> String {
        var current = path
        try Self.make(current)
        for name in names {
            current += "/" + name
            try Self.make(current)
        }
        return current
    }

    private static func make(_ path: String) throws(DeltaicError) {
        guard mkdir(path, 0o755) != 0 else { return }
        guard errno == EEXIST else { throw .systemCall("mkdir", path: path, errno: errno) }
    }

    /// The names in a folder; none if it does not exist.
    static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// The seconds since a file was written last; nil if it is not there.
    static func age(of path: String, now: Date = Date()) -> TimeInterval? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return now.timeIntervalSince1970 - TimeInterval(status.st_mtim.tv_sec)
    }
}
