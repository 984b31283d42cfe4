public import DeltaicCore

extension DeltaicError.Code {
    /// The streams of a chunk break a rule of their codec.
    public static let malformedChunk = Self("malformedChunk", .damaged)
    /// A chunk names a codec that this version does not know.
    public static let unknownCodec = Self("unknownCodec", .refusedInput)
    /// A codec was asked for what it cannot do.
    public static let codecMisuse = Self("codecMisuse", .refusedInput)
    /// A codec's settings are unknown, out of bounds or contradict each other.
    public static let badSettings = Self("badSettings", .refusedInput)
    /// A ratio or a quality that the codec cannot give.
    public static let unreachable = Self("unreachable", .refusedInput)
}

extension DeltaicError {
    /// A broken rule of `Schema/pack/codec-payloads.md`.
    static func malformed(_ rule: String, _ message: String, expected: String? = nil, found: String? = nil) -> Self {
        DeltaicError(.malformedChunk, "\(rule): \(message)", expected: expected, found: found)
    }
}
