internal import DeltaicCore

/// The name of a xorb or of a file in the Xet protocol: 32 bytes.
///
/// As text it is four 64-bit words, each read as little-endian: eight bytes at a time appear in reverse.
public struct XetHash: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 32

    public let bytes: [UInt8]

    /// Returns nil unless there are exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// Returns nil unless the text is 64 lower-case hexadecimal digits: it becomes the name of a file, which has one form.
    public init?(text: String) {
        guard let digest = Digest(hex: text), digest.hex == text else { return nil }
        bytes = Self.swapped(digest.bytes)
    }

    /// 64 hexadecimal digits.
    public var text: String { Digest(uncheckedBytes: Self.swapped(bytes)).hex }
    /// The first twelve digits, for people.
    public var short: String { String(text.prefix(12)) }
    public var description: String { text }

    /// The SHA-256 that a shard has in the order of these words.
    var digest: Digest { Digest(uncheckedBytes: Self.swapped(bytes)) }

    private static func swapped(_ bytes: [UInt8]) -> [UInt8] {
        bytes.indices.map { bytes[$0 ^ 7] }
    }
}
