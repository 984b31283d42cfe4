public import DeltaicCore

/// A pack file.
public struct PackRecord: Hashable, Sendable {
    /// The SHA-256 by which the pack is known.
    public let id: Digest
    /// The size of the file.
    public let byteCount: Int
    /// Seconds since 1970.
    public let createdAt: Int

    public init(id: Digest, byteCount: Int, createdAt: Int) {
        self.id = id
        self.byteCount = byteCount
        self.createdAt = createdAt
    }
}
