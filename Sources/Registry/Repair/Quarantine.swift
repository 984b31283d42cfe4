internal import DeltaicCore
internal import Glibc

/// The folder of a registry for damaged files that nothing uses any more: perhaps somebody can still make something of them.
struct Quarantine {
    let directory: RegistryDirectory

    /// Moves a file there, under its name or one like it.
    ///
    /// - Returns: where it is now; nil if there is no such file.
    /// - Throws: `.ioFailure` or `.noSpace`.
    @discardableResult
    func take(_ path: String) throws(DeltaicError) -> String? {
        guard let kept = try keep(path) else { return nil }
        guard unlink(path) == 0 else { throw .systemCall("unlink", path: path, errno: errno) }
        try DurableFile.syncFolder(DurableFile.folder(of: path))
        return kept
    }

    /// Gives a file a second name there, for it is about to be replaced.
    ///
    /// - Returns: that name; nil if there is no such file.
    /// - Throws: `.ioFailure` or `.noSpace`.
    @discardableResult
    func keep(_ path: String) throws(DeltaicError) -> String? {
        guard access(path, F_OK) == 0 else { return nil }
        let folder = directory.quarantinePath
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw .systemCall("mkdir", path: folder, errno: errno)
        }
        let name = path.split(separator: "/").last.map(String.init) ?? "file"
        var target = folder + "/" + name
        var count = 1
        while access(target, F_OK) == 0 {
            count += 1
            target = folder + "/\(name).\(count)"
        }
        guard link(path, target) == 0 else { throw .systemCall("link", path: path, errno: errno) }
        try DurableFile.syncFolder(folder)
        return target
    }
}
