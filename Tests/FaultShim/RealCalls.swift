internal import Glibc

/// The C library's own functions, which the interposed ones call.
struct RealCalls {
    typealias Path = UnsafePointer<CChar>?

    let write: @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int
    let pwrite: @convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int
    let writev: @convention(c) (Int32, UnsafePointer<iovec>?, Int32) -> Int
    let fsync: @convention(c) (Int32) -> Int32
    let fdatasync: @convention(c) (Int32) -> Int32
    let ftruncate: @convention(c) (Int32, Int) -> Int32
    // The real one is variadic; on x86-64 and AArch64 Linux three whole numbers are passed alike either way.
    let open: @convention(c) (Path, Int32, UInt32) -> Int32
    let openat: @convention(c) (Int32, Path, Int32, UInt32) -> Int32
    let opendir: @convention(c) (Path) -> OpaquePointer?
    let rename: @convention(c) (Path, Path) -> Int32
    let renameat: @convention(c) (Int32, Path, Int32, Path) -> Int32
    let link: @convention(c) (Path, Path) -> Int32
    let linkat: @convention(c) (Int32, Path, Int32, Path, Int32) -> Int32
    let unlink: @convention(c) (Path) -> Int32
    let unlinkat: @convention(c) (Int32, Path, Int32) -> Int32
    let remove: @convention(c) (Path) -> Int32
    let mkdir: @convention(c) (Path, UInt32) -> Int32
    let rmdir: @convention(c) (Path) -> Int32

    init() {
        write = unsafeBitCast(Self.next("write"), to: (@convention(c) (Int32, UnsafeRawPointer?, Int) -> Int).self)
        pwrite = unsafeBitCast(
            Self.next("pwrite"), to: (@convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int).self)
        writev = unsafeBitCast(
            Self.next("writev"), to: (@convention(c) (Int32, UnsafePointer<iovec>?, Int32) -> Int).self)
        fsync = unsafeBitCast(Self.next("fsync"), to: (@convention(c) (Int32) -> Int32).self)
        fdatasync = unsafeBitCast(Self.next("fdatasync"), to: (@convention(c) (Int32) -> Int32).self)
        ftruncate = unsafeBitCast(Self.next("ftruncate"), to: (@convention(c) (Int32, Int) -> Int32).self)
        open = unsafeBitCast(Self.next("open"), to: (@convention(c) (Path, Int32, UInt32) -> Int32).self)
        openat = unsafeBitCast(Self.next("openat"), to: (@convention(c) (Int32, Path, Int32, UInt32) -> Int32).self)
        opendir = unsafeBitCast(Self.next("opendir"), to: (@convention(c) (Path) -> OpaquePointer?).self)
        rename = unsafeBitCast(Self.next("rename"), to: (@convention(c) (Path, Path) -> Int32).self)
        renameat = unsafeBitCast(Self.next("renameat"), to: (@convention(c) (Int32, Path, Int32, Path) -> Int32).self)
        link = unsafeBitCast(Self.next("link"), to: (@convention(c) (Path, Path) -> Int32).self)
        linkat = unsafeBitCast(
            Self.next("linkat"), to: (@convention(c) (Int32, Path, Int32, Path, Int32) -> Int32).self)
        unlink = unsafeBitCast(Self.next("unlink"), to: (@convention(c) (Path) -> Int32).self)
        unlinkat = unsafeBitCast(Self.next("unlinkat"), to: (@convention(c) (Int32, Path, Int32) -> Int32).self)
        remove = unsafeBitCast(Self.next("remove"), to: (@convention(c) (Path) -> Int32).self)
        mkdir = unsafeBitCast(Self.next("mkdir"), to: (@convention(c) (Path, UInt32) -> Int32).self)
        rmdir = unsafeBitCast(Self.next("rmdir"), to: (@convention(c) (Path) -> Int32).self)
    }

    /// The definition of a symbol that comes after ours: RTLD_NEXT, whose cast Swift does not import.
    private static func next(_ name: String) -> UnsafeMutableRawPointer {
        guard let found = dlsym(UnsafeMutableRawPointer(bitPattern: -1), name) else { abort() }
        return found
    }
}

/// Looked up when the first interposed function is called; looking up calls none of them.
let real = RealCalls()
