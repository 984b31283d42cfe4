internal import CXXHash

/// XXH3: checksums of stored bytes (64 bits), and the key under which equal blocks find each other (128 bits).
///
/// Neither is an identity: an equal key is always followed by a comparison of the bytes, and what leaves the registry is
/// checked by SHA-256.
public enum FastHash {
    /// XXH3-64 with seed 0.
    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        deltaic_xxh3_64(bytes.baseAddress, bytes.count)
    }

    /// XXH3-64 with seed 0.
    public static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { checksum($0) }
    }

    /// XXH3-128 with seed 0.
    public static func blockKey(_ bytes: UnsafeRawBufferPointer) -> BlockKey {
        let hash = deltaic_xxh3_128(bytes.baseAddress, bytes.count)
        return BlockKey(low: hash.low64, high: hash.high64)
    }
}

/// The XXH3-128 of a block's raw bytes: a hint that two blocks may be equal, never proof.
public struct BlockKey: Hashable, Sendable {
    public let low: UInt64
    public let high: UInt64

    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}
