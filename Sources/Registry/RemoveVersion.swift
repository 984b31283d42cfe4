internal import Catalog
public import DeltaicCore
internal import PackFormat

/// What a removal did.
public struct RemovalReport: Sendable, Codable {
    public let removed: [VersionSummary]
    /// The bytes of the packs that were deleted.
    public let freedBytes: Int
    /// The bytes of packs that stay because other versions need tensors in them.
    public let retainedBytes: Int
}

extension ModelRegistry {
    /// Removes one version of a model, or all of them; rows go first, then the packs that nothing needs.
    ///
    /// - Parameter reference: all versions if its selector is `.latest`, else the one that it names.
    /// - Throws: a `conflict` error naming the dependants if a base that others are deltas of would go.
    public func remove(_ reference: VersionReference) throws -> RemovalReport {
        let deleting = try lockForDeleting()
        let writing = try lockForWriting()
        defer { withExtendedLifetime((deleting, writing)) {} }
        let named = try catalog.version(reference)
        let versions = reference.selector == .latest ? try catalog.versions(of: named.model) : [named]
        let result = try catalog.remove(versions.map(\.id))
        for pack in result.unreferencedPacks { try directory.packs.delete(pack.id) }
        return RemovalReport(
            removed: result.removedVersions.map(VersionSummary.init),
            freedBytes: result.unreferencedPacks.reduce(0) { $0 + $1.byteCount },
            retainedBytes: result.retainedPacks.reduce(0) { $0 + $1.byteCount })
    }
}
