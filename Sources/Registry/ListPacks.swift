internal import Catalog
public import DeltaicCore

/// A pack as a listing shows it.
public struct PackListing: Sendable, Codable {
    public let id: Digest
    public let bytes: Int
    /// Seconds since 1970.
    public let createdAt: Int
    /// The version that it belongs to, as `name@v1`; nil for a pack that others still need, or that a client sent.
    public let version: String?
    /// Whether it holds one file as a client sent it.
    public let isUpload: Bool
    /// How many objects of it the registry knows.
    public let objectCount: Int
}

extension ModelRegistry {
    /// A page of the packs that the registry needs, the largest first.
    public func packs(offset: Int = 0, limit: Int) throws -> [PackListing] {
        try catalog.packListings(offset: offset, limit: limit).map {
            PackListing(
                id: $0.pack.id, bytes: $0.pack.byteCount, createdAt: $0.pack.createdAt, version: $0.version,
                isUpload: $0.isUpload, objectCount: $0.objectCount)
        }
    }

    /// The version that a pack belongs to, as `name@v1`; nil if it belongs to none: the one that wrote it was removed, or has another by now.
    public func owner(ofPack pack: Digest) throws -> String? {
        try catalog.version(writing: pack)?.reference
    }

    /// The packs that nothing needs and that are not deleted yet, in the order in which they became garbage.
    public func garbage() throws -> [GarbageReport.Pack] {
        try catalog.garbage().map(GarbageReport.Pack.init)
    }
}
