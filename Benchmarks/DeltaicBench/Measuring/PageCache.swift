import Foundation
import Glibc

/// The kernel's cache of files, which is emptied of what a cold run reads.
enum PageCache {
    /// Writes files, or all files of folders, to the disk and asks the kernel to forget their bytes.
    ///
    /// Needs no rights, unlike `/proc/sys/vm/drop_caches`, and leaves the programs themselves and other processes' files where
    /// they are. Does nothing on tmpfs, which is no cache.
    static func drop(_ paths: [String]) throws {
        for path in paths {
            for file in try files(of: path) { try dropFile(file) }
        }
    }

    private static func files(of path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw BenchmarkFailure("\(path) is not there")
        }
        guard isFolder.boolValue else { return [path] }
        return try FileManager.default.subpathsOfDirectory(atPath: path).map { path + "/" + $0 }
    }

    private static func dropFile(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw BenchmarkFailure("\(path) cannot be opened") }
        defer { close(descriptor) }
        // Pages that are not on the disk yet would stay.
        guard fsync(descriptor) == 0, posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0 else {
            throw BenchmarkFailure("\(path) cannot be dropped from the page cache")
        }
    }
}
