public import DeltaicCore

extension DeltaicError.Code {
    /// A pack breaks a rule of `Schema/pack/pack-format.md`.
    public static let malformedPack = Self("malformedPack", .damaged)
    /// A checksum does not fit the bytes that it covers.
    public static let checksumMismatch = Self("checksumMismatch", .damaged)
    /// A pack of a format version, or with a critical flag, that this version does not know.
    public static let unsupportedPack = Self("unsupportedPack", .refusedInput)
    /// A pack, an object or a chunk is not where it should be.
    public static let missingPack = Self("missingPack", .damaged)
}

extension DeltaicError {
    /// A broken rule of the pack format.
    static func pack(
        _ rule: String, _ message: String, at places: [String] = [], expected: String? = nil, found: String? = nil
    ) -> Self {
        DeltaicError(.malformedPack, "\(rule): \(message)", at: places, expected: expected, found: found)
    }
}
