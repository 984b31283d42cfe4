public import DeltaicCore

/// Gives the delta up: the reconstructed tensor has the base's values.
///
/// Rows that the base lacks are kept.
///
/// What the public code of several methods does with everything but the layers that it compresses, without saying so
/// (UltraDelta, arXiv 2505.13563, `src/ViT.py`); here it happens only where a recipe asks for it.
public struct DropCodec: LossyCodec, LossyMethod {
    public static let summary = "gives the delta up: the base's values come back"

    public init() {}

    public init(_ settings: inout SettingsReader) throws(DeltaicError) {}

    public static var id: CodecID { .drop }
    public var id: CodecID { .drop }

    public func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        for _ in 0..<tensor.chunkCount { try sink.append([]) }
    }

    public func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta] {
        tensors.map { _ in PlannedDelta(codec: self, bitsPerWeight: 0, relativeNoise: 1) }
    }
}
