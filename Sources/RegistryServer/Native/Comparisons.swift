internal import DeltaicCore
internal import Foundation
internal import HTTPTypes
internal import Registry

/// Compares versions, one pair at a time: every byte of both is decoded for it.
struct Comparisons: Sendable {
    /// Two versions by commit id.
    ///
    /// They never change, but for how they are stored: a pushed one is compressed later.
    struct Pair: Hashable, Sendable {
        let left: VersionReference
        let right: VersionReference
        /// Of each: whether it is pending, and what it takes.
        fileprivate let storage: [Int]
    }

    private let registry: ModelRegistry
    private let findings: Findings<Pair, VersionComparison>

    /// - Parameter permits: shared with what else decodes whole versions.
    init(registry: ModelRegistry, permits: Permits) {
        self.registry = registry
        findings = Findings(permits: permits, limit: 32 << 20) { comparison in
            400 * (comparison.tensors.count + comparison.files.count)
                + 60 * comparison.histograms.reduce(0) { $0 + $1.bins.count } + 1024
        }
    }

    /// Pairs that are being compared, or wait for it.
    var pending: [Pair] { get async { await findings.pending } }

    /// - Parameter patience: how long to wait for it.
    func state(
        of pair: Pair, patience: Duration
    ) async throws -> Findings<Pair, VersionComparison>.State {
        try await findings.state(of: pair, patience: patience) { [registry] in
            try await registry.compare(pair.left, pair.right)
        }
    }

    /// The versions that a client names, by commit id.
    ///
    /// - Throws: `ServerError` 404 for a model that it may not see, or what is wrong with a name.
    static func pair(_ left: String, _ right: String, for exchange: Exchange) throws -> Pair {
        var storage: [Int] = []
        let sides = try [left, right].map { text in
            let reference = try VersionReference(text)
            guard exchange.principal.mayRead(reference.model) else {
                throw ServerError(
                    .notFound, code: .repositoryNotFound, "there is no model or base \(reference.model)")
            }
            let version = try exchange.registry.files(of: reference).version
            storage += [version.isPending ? 1 : 0, version.storedBytes]
            return VersionReference(model: reference.model, selector: .commit(version.commit.hex))
        }
        return Pair(left: sides[0], right: sides[1], storage: storage)
    }
}
