internal import Glibc

/// A path below the root, in memory that whoever asked for it provides.
struct Place {
    static let capacity = 8192

    let bytes: UnsafePointer<UInt8>
    let count: Int

    /// The path of an open file; nil if it is not below the root, or not durable.
    init?(descriptor: Int32, in buffer: UnsafeMutableRawBufferPointer) {
        guard let start = buffer.baseAddress else { return nil }
        let count = Place.readPath(of: descriptor, to: start, limit: buffer.count)
        guard count > 0 else { return nil }
        self.init(start.assumingMemoryBound(to: UInt8.self), count)
    }

    /// The place that a path means; nil if it is not below the root, or not durable.
    init?(path: UnsafePointer<CChar>?, from folder: Int32 = AT_FDCWD, in buffer: UnsafeMutableRawBufferPointer) {
        guard let path, let start = buffer.baseAddress else { return nil }
        let length = strlen(path)
        var count = 0
        if path[0] != CChar(UInt8(ascii: "/")) {
            // Far longer than any path of a test.
            guard length + 4096 < buffer.count else { return nil }
            if folder == AT_FDCWD {
                guard getcwd(start.assumingMemoryBound(to: CChar.self), 4096) != nil else { return nil }
                count = strlen(start.assumingMemoryBound(to: CChar.self))
            } else {
                count = Place.readPath(of: folder, to: start, limit: 4096)
            }
            guard count > 0 else { return nil }
            start.storeBytes(of: UInt8(ascii: "/"), toByteOffset: count, as: UInt8.self)
            count += 1
        }
        guard count + length <= buffer.count else { return nil }
        memcpy(start + count, path, length)
        self.init(start.assumingMemoryBound(to: UInt8.self), count + length)
    }

    private init?(_ whole: UnsafePointer<UInt8>, _ count: Int) {
        let root = settings.rootLength
        guard root > 0, count >= root, memcmp(whole, settings.root, root) == 0 else { return nil }
        // Not the neighbour whose name begins alike.
        guard count == root || whole[root] == UInt8(ascii: "/") else { return nil }
        let start = min(root + 1, count)
        bytes = whole + start
        self.count = count - start
        // SQLite's index of its log: it is made anew whenever the catalog is opened first.
        if hasSuffix("-shm") { return nil }
    }

    private func hasSuffix(_ suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        return count >= length && memcmp(bytes + count - length, suffix.utf8Start, length) == 0
    }

    /// Writes the path of an open file to `target` and returns its length; -1 if it has none.
    private static func readPath(of descriptor: Int32, to target: UnsafeMutableRawPointer, limit: Int) -> Int {
        // `/proc/self/fd/` and the number, without a string that would have to be allocated.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { link in
            guard let start = link.baseAddress else { return -1 }
            let prefix: StaticString = "/proc/self/fd/"
            var position = prefix.utf8CodeUnitCount
            for index in 0..<position { link[index] = CChar(bitPattern: prefix.utf8Start[index]) }
            let value = max(0, descriptor)
            var scale: Int32 = 1
            while value / scale >= 10 { scale *= 10 }
            while scale > 0 {
                link[position] = CChar(bitPattern: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / scale % 10))
                position += 1
                scale /= 10
            }
            link[position] = 0
            return readlink(start, target.assumingMemoryBound(to: CChar.self), limit)
        }
    }
}
