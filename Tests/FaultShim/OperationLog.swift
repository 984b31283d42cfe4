internal import Glibc

/// Writes down what was done, so that it can be done again elsewhere.
///
/// A record is eight 64-bit numbers - operation number (0 if it was not numbered), kind, offset, result, and the lengths of
/// what follows: path, other path, bytes; then 0 - and then the paths, below the root, and the bytes that were written.
enum OperationLog {
    /// - Parameter result: what the operation returned; -1 if it was made to fail.
    static func append(_ operation: Operation, number: Int, result: Int) {
        guard settings.log >= 0, operation.kind != .open || result < 0 else { return }
        var offset = operation.offset
        if operation.kind == .write, result >= 0, let descriptor = operation.positionedDescriptor {
            offset = lseek(descriptor, 0, SEEK_CUR) - result
        }
        let byteCount = operation.kind == .write ? max(0, result) : 0
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 8) { header in
            header[0] = number
            header[1] = operation.kind.rawValue
            header[2] = offset
            header[3] = result
            header[4] = operation.path.count
            header[5] = operation.other?.count ?? 0
            header[6] = byteCount
            header[7] = 0
            put(UnsafeRawPointer(header.baseAddress), 64)
        }
        put(operation.path.bytes, operation.path.count)
        if let other = operation.other { put(other.bytes, other.count) }
        put(operation.bytes, byteCount)
    }

    private static func put(_ bytes: UnsafeRawPointer?, _ count: Int) {
        guard let bytes, count > 0 else { return }
        // A log that is not complete would make a test say what is not so.
        guard real.write(settings.log, bytes, count) == count else { abort() }
    }
}
