internal import DeltaicCore

/// The kinds of terms that this version can decode.
enum TermTable {
    private static let decoders: [any TermDecoder] = [
        SeededSignTerm(), UltraDeltaTerm(), DeltaDQTerm(), FactorsTerm(kind: .deltaCoMe), BitDeltaTerm(), DARETerm(),
        Sparse24Term(), FactorsTerm(kind: .lowRank), BaseScaleTerm(),
    ]

    /// - Throws: `.unknownCodec` naming the number.
    static func decoder(of kind: CodecID) throws(DeltaicError) -> any TermDecoder {
        for decoder in decoders where decoder.kind == kind { return decoder }
        throw DeltaicError(
            .unknownCodec, "P-12: the chunk has a term of kind \(kind.number), which this version does not know",
            advice: "use a newer deltaic")
    }
}
