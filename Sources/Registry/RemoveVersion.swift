internal import Catalog
public import DeltaicCore
internal import PackFormat

/// What a removal did.
public struct RemovalReport: Sendable, Codable {
    public let removed: [VersionSummary]
    /// The bytes of packs that nothing needs any more; they are freed when garbage is collected.
    public let garbageBytes: Int
    /// The bytes of packs that stay because other versions need tensors in them.
    public let retainedBytes: Int
}

extension ModelRegistry {
    /// Removes all versions of a model; packs that nothing needs become garbage.
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
        let writing = try await lockForWriting()
        defer { withExtendedLifetime(writing) {} }
        let result = try catalog.remove(try versions().map(\.id))
        return RemovalReport(
            removed: result.removedVersions.map(VersionSummary.init),
            garbageBytes: result.unreferencedPacks.reduce(0) { $0 + $1.byteCount },
            retainedBytes: result.retainedPacks.reduce(0) { $0 + $1.byteCount })
    }
}
