internal import DeltaicCore
internal import Synchronization

/// The trees of versions that were asked for lately, within a budget of bytes.
final class GitTreeCache: Sendable {
    private struct Entry {
        let trees: [GitObjectID: GitObject]
        let byteCount: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [GitObjectID: Entry] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
    }

    private let budget: Int
    private let state = Mutex(State())

    init(budget: Int) {
        self.budget = budget
    }

    /// All trees of the version with an outermost tree, made by `build` if they are not kept.
    func trees(of root: GitObjectID, _ build: () throws -> [GitObject]) rethrows -> [GitObjectID: GitObject] {
        let known = state.withLock { state in
            state.clock += 1
            state.entries[root]?.lastUse = state.clock
            return state.entries[root]?.trees
        }
        if let known { return known }
        let built = try build()
        let trees = Dictionary(built.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        // What a dictionary and an array take beside the bytes.
        let byteCount = built.reduce(128) { $0 + $1.body.count + 128 }
        if byteCount <= budget { keep(trees, byteCount, of: root) }
        return trees
    }

    private func keep(_ trees: [GitObjectID: GitObject], _ byteCount: Int, of root: GitObjectID) {
        state.withLock { state in
            guard state.entries[root] == nil else { return }
            while state.byteCount + byteCount > budget,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
                state.byteCount -= oldest.value.byteCount
            }
            state.entries[root] = Entry(trees: trees, byteCount: byteCount, lastUse: state.clock)
            state.byteCount += byteCount
        }
    }

    /// The bytes that are kept.
    var byteCount: Int { state.withLock { $0.byteCount } }
}
