public import DeltaicCore

/// What the catalog says of a version and of what is in it, all of the same moment: another process may remove the version or store it
/// against another base at any time.
public struct VersionContents: Equatable, Sendable {
    /// The version itself, with its base and its tags.
    public let version: VersionRecord
    /// In the order in which they were published.
    public let files: [FileRecord]
    /// The pack that the version wrote; nil if it took another's.
    public let pack: Digest?
}
