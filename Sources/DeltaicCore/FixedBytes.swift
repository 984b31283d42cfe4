/// An identity made of a fixed number of bytes: a SHA-256 digest, a Git object id.
public protocol FixedBytes: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
    /// The number of bytes of every value of this type.
    static var byteCount: Int { get }
    /// The bytes, most significant first as the digest is usually printed.
    var bytes: [UInt8] { get }
    /// Makes the value without checking the count; use ``init(bytes:)`` or ``init(hex:)`` from outside.
    init(uncheckedBytes: [UInt8])
}

extension FixedBytes {
    /// Returns nil unless there are exactly ``byteCount`` bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(uncheckedBytes: Array(bytes))
    }

    /// Returns nil unless the text is exactly twice ``byteCount`` hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let bytes = HexText.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// Lower-case hexadecimal text.
    public var hex: String { HexText.encode(bytes) }
    /// The first twelve hexadecimal digits, for people.
    public var short: String { HexText.encode(bytes.prefix(6)) }
    public var description: String { hex }

    public static func < (left: Self, right: Self) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(hex: text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "expected \(2 * Self.byteCount) hexadecimal digits, found \"\(text)\""))
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// A SHA-256 digest: the identity of a tensor, a file or a pack.
public struct Digest: FixedBytes {
    public static let byteCount = 32
    public let bytes: [UInt8]
    public init(uncheckedBytes: [UInt8]) { bytes = uncheckedBytes }
}

/// A SHA-1 Git object id: of a blob, a tree or a commit.
public struct GitObjectID: FixedBytes {
    public static let byteCount = 20
    public let bytes: [UInt8]
    public init(uncheckedBytes: [UInt8]) { bytes = uncheckedBytes }
}
