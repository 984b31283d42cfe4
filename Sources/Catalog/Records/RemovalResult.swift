/// What a removal took away, and what it could not.
public struct RemovalResult: Sendable {
    /// As they were.
    public let removedVersions: [VersionRecord]
    /// Packs that no version needs any more and that are no longer in the catalog: their files can go.
    public let unreferencedPacks: [PackRecord]
    /// Packs of the removed versions that other versions still need.
    public let retainedPacks: [PackRecord]
}
