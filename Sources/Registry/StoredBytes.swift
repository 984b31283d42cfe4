internal import DeltaicCore
internal import Synchronization

/// The bytes of a stored object, read at any offset.
final class StoredBytes: Sendable {
    private let reader: ObjectReader
    private let digest: Digest
    /// Readers go through the object in order, a few at a time.
    private let recent = Mutex<[(position: Int, bytes: [UInt8])]>([])
    private static let recentLimit = 4

    /// - Parameter digest: an object of bytes, no tensor.
    init(reader: ObjectReader, digest: Digest) {
        self.reader = reader
        self.digest = digest
    }

    /// Reads exactly the bytes of `range`, each chunk of them checked.
    /// - Throws: `.truncated` if the object ends before, or what is wrong with it.
    func read(_ range: Range<Int>) throws(DeltaicError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let chunk = try chunk(position / ChunkGrid.chunkBytes)
            let start = position % ChunkGrid.chunkBytes
            let end = min(chunk.count, start + range.upperBound - position)
            guard start < end else {
                throw DeltaicError(
                    .truncated, "the stored object is too short", at: ["object \(digest.short)"],
                    expected: "\(range.upperBound) bytes", found: "\(position)")
            }
            bytes += chunk[start..<end]
            position += end - start
        }
        return bytes
    }

    private func chunk(_ position: Int) throws(DeltaicError) -> [UInt8] {
        if let known = recent.withLock({ $0.first { $0.position == position }?.bytes }) { return known }
        let bytes = try reader.typedChunk(position, of: digest)
        recent.withLock { recent in
            if recent.count == Self.recentLimit { recent.removeFirst() }
            recent.append((position, bytes))
        }
        return bytes
    }
}
