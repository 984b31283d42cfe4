public import DeltaicCore

/// Who vouches for the files of a version.
public struct SignatureRecord: Hashable, Sendable {
    /// The SHA-256 of the public key as DER SubjectPublicKeyInfo.
    public let key: Digest
    /// Seconds since 1970.
    public let createdAt: Int
    /// A Sigstore bundle, JSON.
    public let bundle: String

    public init(key: Digest, createdAt: Int, bundle: String) {
        self.key = key
        self.createdAt = createdAt
        self.bundle = bundle
    }
}
