internal import Synchronization

/// Bounds how many decoded chunks readers hold at a time, and takes them from readers that are slow when others wait.
///
/// A reader asks for a slot, fills it with a chunk, and hands the chunk on piece by piece. While it waits for its client to take a
/// piece, the slot may be taken from it: then it has to ask again, and to decode again.
final class ChunkSlots: Sendable {
    /// A reader that waits for its client longer than this may lose its slot.
    private static let patience = Duration.milliseconds(100)

    fileprivate struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        var held: [ObjectIdentifier: ChunkSlot] = [:]
        var isWatching = false
        var takenAway = 0
    }

    private let state: Mutex<State>
    private let clock = ContinuousClock()

    init(count: Int) {
        state = Mutex(State(free: count))
    }

    /// How often a slot was taken from a slow reader.
    var takenAway: Int { state.withLock { $0.takenAway } }
    var heldCount: Int { state.withLock { $0.held.count } }

    /// Waits for a slot; whoever asked first gets one first.
    func acquire() async -> ChunkSlot {
        await withCheckedContinuation { continuation in
            let (isFree, startsWatch) = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return (true, false)
                }
                state.waiting.append(continuation)
                defer { state.isWatching = true }
                return (false, !state.isWatching)
            }
            if isFree { continuation.resume() }
            if startsWatch { Task { await watch() } }
        }
        let slot = ChunkSlot()
        state.withLock { $0.held[ObjectIdentifier(slot)] = slot }
        return slot
    }

    /// Gives a slot back; one that was taken away is not given back twice.
    func release(_ slot: ChunkSlot) {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.held.removeValue(forKey: ObjectIdentifier(slot)) != nil else { return nil }
            return state.passOn()
        }
        slot.empty()
        next?.resume()
    }

    /// Runs `body` with the slot marked as idle: it may be taken away meanwhile.
    func waiting<Result>(
        with slot: ChunkSlot, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        slot.idleSince = clock.now
        defer { slot.idleSince = nil }
        return try await body()
    }

    /// As long as anybody waits, takes slots from those who have been idle for long.
    private func watch() async {
        while true {
            try? await Task.sleep(for: Self.patience / 2)
            let limit = clock.now - Self.patience
            var resumed: [CheckedContinuation<Void, Never>] = []
            let isOver = state.withLock { state in
                for (id, slot) in state.held where !state.waiting.isEmpty {
                    guard let since = slot.idleSince, since < limit else { continue }
                    state.held[id] = nil
                    state.takenAway += 1
                    slot.empty()
                    if let next = state.passOn() { resumed.append(next) }
                }
                if state.waiting.isEmpty { state.isWatching = false }
                return state.waiting.isEmpty
            }
            for continuation in resumed { continuation.resume() }
            if isOver { return }
        }
    }
}

extension ChunkSlots.State {
    /// Gives a slot to whoever waits longest.
    fileprivate mutating func passOn() -> CheckedContinuation<Void, Never>? {
        guard waiting.isEmpty else { return waiting.removeFirst() }
        free += 1
        return nil
    }
}

/// Room for one decoded chunk.
final class ChunkSlot: Sendable {
    private struct State {
        var bytes: [UInt8]?
        var idleSince: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// The chunk; nil before it was put in, and after it was taken away.
    var bytes: [UInt8]? { state.withLock { $0.bytes } }

    fileprivate(set) var idleSince: ContinuousClock.Instant? {
        get { state.withLock { $0.idleSince } }
        set { state.withLock { $0.idleSince = newValue } }
    }

    /// Copies a part of the chunk; nil if it was taken away.
    ///
    /// Nobody else holds the chunk after that, so that it is freed when it is taken away while its reader waits.
    func read<Copy>(_ part: Range<Int>, _ copy: (UnsafeRawBufferPointer) -> Copy) -> Copy? {
        bytes?.withUnsafeBytes { copy(UnsafeRawBufferPointer(rebasing: $0[part])) }
    }

    func fill(_ bytes: [UInt8]) {
        state.withLock { $0.bytes = bytes }
    }

    fileprivate func empty() {
        state.withLock { $0.bytes = nil }
    }
}
