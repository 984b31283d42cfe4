internal import DeltaicCore
internal import Dispatch
internal import Synchronization

/// Decodes chunks on a fixed number of threads, each only once however many readers ask for it at a time.
final class ChunkDecoder: Sendable {
    private struct State {
        var running: [DecodedCache.Key: Task<[UInt8], any Error>] = [:]
        var decodedBytes = 0
    }

    private let cache: DecodedCache
    private let state = Mutex(State())
    private let threads: Permits
    /// Not the pool that requests run on: decoding keeps a thread busy for milliseconds.
    private let queue = DispatchQueue(label: "deltaic.decoding", attributes: .concurrent)

    init(threads: Int, cache: DecodedCache) {
        self.cache = cache
        self.threads = Permits(count: threads)
    }

    /// The bytes that were decoded since the start.
    var decodedBytes: Int { state.withLock { $0.decodedBytes } }

    /// The raw bytes of a chunk, checked.
    ///
    /// - Parameter keep: whether they are likely to be asked for again.
    func chunk(_ position: Int, of digest: Digest, from reader: ObjectReader, keep: Bool) async throws -> [UInt8] {
        let key = DecodedCache.Key.chunk(digest, position)
        if let known = cache.bytes(key) { return known }
        let task = state.withLock { state in
            if let running = state.running[key] { return running }
            // Not cancelled with the reader that asked first: others may wait for it too.
            let task = Task { try await decode(position, of: digest, from: reader, keep: keep, key: key) }
            state.running[key] = task
            return task
        }
        return try await task.value
    }

    private func decode(
        _ position: Int, of digest: Digest, from reader: ObjectReader, keep: Bool, key: DecodedCache.Key
    ) async throws -> [UInt8] {
        defer { state.withLock { _ = $0.running.removeValue(forKey: key) } }
        let permit = await threads.take()
        defer { withExtendedLifetime(permit) {} }
        let bytes = try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try reader.chunk(position, of: digest) }) }
        }
        state.withLock { $0.decodedBytes += bytes.count }
        if keep { cache.keep(bytes, as: key) }
        return bytes
    }
}
