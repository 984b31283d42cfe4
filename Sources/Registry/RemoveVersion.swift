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
    /// Removes all versions of a model; rows go first, then the packs that nothing needs.
    ///
    /// - Throws: a `conflict` error naming the dependants if a base that others are deltas of would go.
    public func remove(_ model: ModelName) async throws -> RemovalReport {
        let report = try await remove { try catalog.versions(of: model) }
        uploads.forget(model)
        return report
    }

    /// Removes one version of a model, the newest one too if that is what is named.
    ///
    /// - Throws: a `conflict` error naming the dependants if a base that others are deltas of would go.
    public func remove(_ reference: VersionReference) async throws -> RemovalReport {
        try await remove { [try catalog.version(reference)] }
    }

    /// - Parameter versions: called when nobody else can change what is registered.
    private func remove(_ versions: () throws -> [VersionRecord]) async throws -> RemovalReport {
        let deleting = try await lockForDeleting()
        let writing = try await lockForWriting()
        defer { withExtendedLifetime((deleting, writing)) {} }
        let result = try catalog.remove(try versions().map(\.id))
        for pack in result.unreferencedPacks { try directory.packs.delete(pack.id) }
        return RemovalReport(
            removed: result.removedVersions.map(VersionSummary.init),
            freedBytes: result.unreferencedPacks.reduce(0) { $0 + $1.byteCount },
            retainedBytes: result.retainedPacks.reduce(0) { $0 + $1.byteCount })
    }
}
