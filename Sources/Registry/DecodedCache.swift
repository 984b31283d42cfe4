internal import DeltaicCore
internal import Synchronization

/// Decoded bytes that are likely to be asked for again; the least recently used are given up first.
final class DecodedCache: Sendable {
    enum Key: Hashable {
        /// A chunk of an object, by its position.
        case chunk(Digest, Int)
        /// An object that chunks of lossy tensors share, whole.
        case shared(Digest)
    }

    /// How often it was asked.
    struct Counts: Sendable {
        var hits = 0
        var misses = 0
    }

    private struct State {
        var values: BoundedCache<Key, [UInt8]>
        var counts = Counts()
    }

    /// Whether chunks that others are decoded from are kept as well.
    let keepsChunks: Bool
    private let state: Mutex<State>

    /// - Parameter limit: in bytes.
    init(limit: Int, keepsChunks: Bool) {
        self.keepsChunks = keepsChunks
        state = Mutex(State(values: BoundedCache(limit: limit)))
    }

    var counts: Counts { state.withLock { $0.counts } }
    var byteCount: Int { state.withLock { $0.values.cost } }

    func bytes(_ key: Key) -> [UInt8]? {
        state.withLock { state in
            let found = state.values.value(for: key)
            if found == nil { state.counts.misses += 1 } else { state.counts.hits += 1 }
            return found
        }
    }

    func keep(_ bytes: [UInt8], as key: Key) {
        // A small array takes more than its bytes.
        state.withLock { $0.values.insert(bytes, for: key, cost: bytes.count + 128) }
    }
}
