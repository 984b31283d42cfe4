internal import Glibc

// What is done with open files. The functions have the names of the C library's, which the linker finds here first.

private func onFile(
    _ kind: OperationKind, _ descriptor: Int32, offset: Int? = nil, bytes: UnsafeRawPointer? = nil,
    half: (() -> Int)? = nil, whole: () -> Int
) -> Int {
    withUnsafeTemporaryAllocation(byteCount: Place.capacity, alignment: 8) { buffer in
        let code = errno
        guard let place = Place(descriptor: descriptor, in: buffer) else {
            errno = code
            return whole()
        }
        let operation = Operation(
            kind: kind, path: place, offset: offset ?? 0, bytes: bytes,
            positionedDescriptor: kind == .write && offset == nil ? descriptor : nil)
        return FailPoints.run(operation, half: half, whole: whole)
    }
}

@_cdecl("write")
public func interposedWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    onFile(.write, descriptor, bytes: bytes, half: { real.write(descriptor, bytes, count / 2) }) {
        real.write(descriptor, bytes, count)
    }
}

@_cdecl("pwrite")
public func interposedPwrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ offset: Int) -> Int {
    onFile(
        .write, descriptor, offset: offset, bytes: bytes, half: { real.pwrite(descriptor, bytes, count / 2, offset) }
    ) {
        real.pwrite(descriptor, bytes, count, offset)
    }
}

@_cdecl("pwrite64")
public func interposedPwrite64(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ offset: Int) -> Int {
    interposedPwrite(descriptor, bytes, count, offset)
}

@_cdecl("writev")
public func interposedWritev(_ descriptor: Int32, _ list: UnsafeRawPointer?, _ count: Int32) -> Int {
    let parts = list?.assumingMemoryBound(to: iovec.self)
    guard let parts, count > 0 else { return real.writev(descriptor, parts, count) }
    // Taken apart, which writev allows: its caller has to expect that less is written than was asked for.
    return interposedWrite(descriptor, parts[0].iov_base, parts[0].iov_len)
}

@_cdecl("fsync")
public func interposedFsync(_ descriptor: Int32) -> Int32 {
    Int32(onFile(.fileSync, descriptor) { Int(real.fsync(descriptor)) })
}

@_cdecl("fdatasync")
public func interposedFdatasync(_ descriptor: Int32) -> Int32 {
    Int32(onFile(.dataSync, descriptor) { Int(real.fdatasync(descriptor)) })
}

@_cdecl("ftruncate")
public func interposedFtruncate(_ descriptor: Int32, _ length: Int) -> Int32 {
    Int32(onFile(.truncate, descriptor, offset: length) { Int(real.ftruncate(descriptor, length)) })
}

@_cdecl("ftruncate64")
public func interposedFtruncate64(_ descriptor: Int32, _ length: Int) -> Int32 {
    interposedFtruncate(descriptor, length)
}
