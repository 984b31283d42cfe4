internal import DeltaicCore
internal import Synchronization

/// The trees of versions that were asked for lately, within a budget of bytes.
final class GitTreeCache: Sendable {
    private let kept: Mutex<BoundedCache<GitObjectID, [GitObjectID: GitObject]>>

    init(budget: Int) {
        kept = Mutex(BoundedCache(limit: budget))
    }

    /// All trees of the version with an outermost tree, made by `build` if they are not kept.
    func trees(of root: GitObjectID, _ build: () throws -> [GitObject]) rethrows -> [GitObjectID: GitObject] {
        if let known = kept.withLock({ $0.value(for: root) }) { return known }
        let built = try build()
        let trees = Dictionary(built.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        // What a dictionary and an array take beside the bytes.
        let cost = built.reduce(128) { $0 + $1.body.count + 128 }
        kept.withLock { $0.insert(trees, for: root, cost: cost) }
        return trees
    }

    /// The bytes that are kept.
    var byteCount: Int { kept.withLock { $0.cost } }
}
