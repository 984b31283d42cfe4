public import DeltaicCore

extension DeltaicError.Code {
    /// A xorb breaks a rule of `Schema/http/xet.md`, or does not decode.
    public static let malformedXorb = Self("malformedXorb", .refusedInput)
    /// A shard breaks a rule of `Schema/http/xet.md`.
    public static let malformedShard = Self("malformedShard", .refusedInput)
}

extension DeltaicError {
    static func xorb(
        _ message: String, at places: [String] = [], expected: String? = nil, found: String? = nil
    ) -> Self {
        DeltaicError(.malformedXorb, message, at: places, expected: expected, found: found)
    }

    static func shard(
        _ message: String, at places: [String] = [], expected: String? = nil, found: String? = nil,
        advice: String? = nil
    ) -> Self {
        DeltaicError(.malformedShard, message, at: places, expected: expected, found: found, advice: advice)
    }
}
