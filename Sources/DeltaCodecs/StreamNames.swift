/// What the streams of a chunk are, for people.
public enum StreamNames {
    /// The name of a stream by its ordinal in the chunks of a codec.
    public static func name(of position: Int, codec: CodecID) -> String {
        switch codec {
        case .solo: "plane \(position)"
        case .exact where position < ExactDeltaCodec.streamNames.count: ExactDeltaCodec.streamNames[position]
        case .exact: "tail plane \(position - ExactDeltaCodec.streamNames.count)"
        case .reference: "target"
        case _ where codec.isLossy && position == 0: "terms"
        case .bitDelta where position <= 2: ["scales", "signs"][position - 1]
        case .deltaDQ where position <= 2: ["parameters", "codes"][position - 1]
        case .deltaCoMe where position <= 2, .lowRank where position <= 2: FactorsTerm.streamNames[position - 1]
        case .sparse24 where position <= 4: Sparse24Term.streamNames[position - 1]
        // What follows are positions, where they are stored, and values.
        case .dare where position == 1: "parameters"
        case .ultraDelta where position == 1: "parameters"
        default: "stream \(position)"
        }
    }
}
