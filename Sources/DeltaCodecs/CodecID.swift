/// A codec's number in packs, with its name for people.
public struct CodecID: Hashable, Sendable, CustomStringConvertible {
    public let number: UInt8

    public init(number: UInt8) {
        self.number = number
    }

    /// Stored on its own, losslessly.
    public static let solo = CodecID(number: 1)
    /// Stored as a lossless difference from a base.
    public static let exact = CodecID(number: 2)
    /// The same bytes as a chunk of another object.
    public static let reference = CodecID(number: 3)

    // Lossy codecs, and the kinds of terms that their chunks are sums of.

    /// Seeded random directions, one sign each.
    public static let seededSign = CodecID(number: 16)
    public static let ultraDelta = CodecID(number: 17)
    public static let deltaDQ = CodecID(number: 18)
    public static let deltaCoMe = CodecID(number: 19)
    public static let bitDelta = CodecID(number: 20)
    public static let dare = CodecID(number: 21)
    public static let sparse24 = CodecID(number: 22)
    public static let lowRank = CodecID(number: 23)
    /// A multiple of the base: weight decay.
    public static let baseScale = CodecID(number: 24)
    /// The base's own value: the delta is given up.
    public static let drop = CodecID(number: 25)

    /// Whether decoding gives other bytes than those that were registered.
    public var isLossy: Bool { number >= 16 }

    private static let names: [CodecID: String] = [
        .solo: "solo", .exact: "exact", .reference: "reference", .seededSign: "seeded-sign", .ultraDelta: "ultradelta",
        .deltaDQ: "deltadq", .deltaCoMe: "delta-come", .bitDelta: "bitdelta", .dare: "dare", .sparse24: "sparse24",
        .lowRank: "low-rank", .baseScale: "base-scale", .drop: "drop",
    ]

    public var description: String { Self.names[self] ?? "codec \(number)" }

    /// The codec of a name, nil if there is none.
    public init?(name: String) {
        guard let id = Self.names.first(where: { $0.value == name })?.key else { return nil }
        self = id
    }
}
