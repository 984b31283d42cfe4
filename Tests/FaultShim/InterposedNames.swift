internal import Glibc

// What is done with names: opening, renaming, deleting.

private func onPath(
    _ kind: OperationKind, _ path: UnsafePointer<CChar>?, from folder: Int32 = AT_FDCWD, whole: () -> Int
) -> Int {
    withUnsafeTemporaryAllocation(byteCount: Place.capacity, alignment: 8) { buffer in
        let code = errno
        guard let place = Place(path: path, from: folder, in: buffer) else {
            errno = code
            return whole()
        }
        return FailPoints.run(Operation(kind: kind, path: place), whole: whole)
    }
}

private func onPaths(
    _ kind: OperationKind, _ path: UnsafePointer<CChar>?, _ folder: Int32, _ other: UnsafePointer<CChar>?,
    _ otherFolder: Int32, whole: () -> Int
) -> Int {
    withUnsafeTemporaryAllocation(byteCount: 2 * Place.capacity, alignment: 8) { buffer in
        let code = errno
        let second = UnsafeMutableRawBufferPointer(rebasing: buffer[Place.capacity...])
        guard
            let place = Place(
                path: path, from: folder, in: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Place.capacity])),
            let otherPlace = Place(path: other, from: otherFolder, in: second)
        else {
            errno = code
            return whole()
        }
        return FailPoints.run(Operation(kind: kind, path: place, other: otherPlace), whole: whole)
    }
}

@_cdecl("openat")
public func interposedOpenat(_ folder: Int32, _ path: UnsafePointer<CChar>?, _ flags: Int32, _ mode: UInt32) -> Int32 {
    guard let path else { return real.openat(folder, path, flags, mode) }
    var kind = OperationKind.open
    let code = errno
    var status = stat()
    let isThere = fstatat(folder, path, &status, 0) == 0
    if flags & O_CREAT != 0, !isThere { kind = .create }
    if flags & O_TRUNC != 0, isThere, status.st_size > 0 { kind = .truncate }
    errno = code
    return Int32(onPath(kind, path, from: folder) { Int(real.openat(folder, path, flags, mode)) })
}

@_cdecl("openat64")
public func interposedOpenat64(
    _ folder: Int32, _ path: UnsafePointer<CChar>?, _ flags: Int32, _ mode: UInt32
) -> Int32 {
    interposedOpenat(folder, path, flags, mode)
}

@_cdecl("open")
public func interposedOpen(_ path: UnsafePointer<CChar>?, _ flags: Int32, _ mode: UInt32) -> Int32 {
    interposedOpenat(AT_FDCWD, path, flags, mode)
}

@_cdecl("open64")
public func interposedOpen64(_ path: UnsafePointer<CChar>?, _ flags: Int32, _ mode: UInt32) -> Int32 {
    interposedOpenat(AT_FDCWD, path, flags, mode)
}

@_cdecl("opendir")
public func interposedOpendir(_ path: UnsafePointer<CChar>?) -> OpaquePointer? {
    var folder: OpaquePointer?
    let result = onPath(.open, path) {
        folder = real.opendir(path)
        return folder == nil ? -1 : 0
    }
    return result == 0 ? folder : nil
}

@_cdecl("rename")
public func interposedRename(_ old: UnsafePointer<CChar>?, _ new: UnsafePointer<CChar>?) -> Int32 {
    Int32(onPaths(.rename, old, AT_FDCWD, new, AT_FDCWD) { Int(real.rename(old, new)) })
}

@_cdecl("renameat")
public func interposedRenameat(
    _ oldFolder: Int32, _ old: UnsafePointer<CChar>?, _ newFolder: Int32, _ new: UnsafePointer<CChar>?
) -> Int32 {
    Int32(onPaths(.rename, old, oldFolder, new, newFolder) { Int(real.renameat(oldFolder, old, newFolder, new)) })
}

@_cdecl("link")
public func interposedLink(_ old: UnsafePointer<CChar>?, _ new: UnsafePointer<CChar>?) -> Int32 {
    Int32(onPaths(.link, old, AT_FDCWD, new, AT_FDCWD) { Int(real.link(old, new)) })
}

@_cdecl("linkat")
public func interposedLinkat(
    _ oldFolder: Int32, _ old: UnsafePointer<CChar>?, _ newFolder: Int32, _ new: UnsafePointer<CChar>?, _ flags: Int32
) -> Int32 {
    Int32(onPaths(.link, old, oldFolder, new, newFolder) { Int(real.linkat(oldFolder, old, newFolder, new, flags)) })
}

@_cdecl("unlink")
public func interposedUnlink(_ path: UnsafePointer<CChar>?) -> Int32 {
    Int32(onPath(.unlink, path) { Int(real.unlink(path)) })
}

@_cdecl("unlinkat")
public func interposedUnlinkat(_ folder: Int32, _ path: UnsafePointer<CChar>?, _ flags: Int32) -> Int32 {
    Int32(
        onPath(flags & AT_REMOVEDIR != 0 ? .removeFolder : .unlink, path, from: folder) {
            Int(real.unlinkat(folder, path, flags))
        })
}

@_cdecl("remove")
public func interposedRemove(_ path: UnsafePointer<CChar>?) -> Int32 {
    guard let path else { return real.remove(path) }
    let code = errno
    var status = stat()
    let isFolder = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    errno = code
    return Int32(onPath(isFolder ? .removeFolder : .unlink, path) { Int(real.remove(path)) })
}

@_cdecl("mkdir")
public func interposedMkdir(_ path: UnsafePointer<CChar>?, _ mode: UInt32) -> Int32 {
    Int32(onPath(.makeFolder, path) { Int(real.mkdir(path, mode)) })
}

@_cdecl("rmdir")
public func interposedRmdir(_ path: UnsafePointer<CChar>?) -> Int32 {
    Int32(onPath(.removeFolder, path) { Int(real.rmdir(path)) })
}
