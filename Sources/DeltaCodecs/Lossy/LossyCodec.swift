public import DeltaicCore

/// How one tensor is turned into terms: a codec with all its settings chosen.
public protocol LossyCodec: Sendable {
    /// The codec as users name it.
    var id: CodecID { get }

    /// Encodes a tensor: hands the sink the terms of every chunk, in order.
    ///
    /// A tensor is worked on by one thread; others work on other tensors meanwhile.
    /// - Throws: `.codecMisuse`, `.notFinite`, or what source and sink throw.
    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError)
}

/// Takes what a codec makes.
public protocol TermSink: AnyObject {
    /// Keeps bytes that all chunks of the tensor may refer to, and returns their SHA-256.
    func share(_ bytes: [UInt8]) throws(DeltaicError) -> Digest
    /// Takes the terms of the next chunk.
    func append(_ terms: [LossyTerm]) throws(DeltaicError)
}

/// A family of codecs that one name and its settings stand for, and the choice of each tensor's own settings.
public protocol LossyMethod: Sendable {
    static var id: CodecID { get }
    /// What it does in one sentence, for help.
    static var summary: String { get }

    /// - Throws: `.badSettings` naming the setting.
    init(_ settings: inout SettingsReader) throws(DeltaicError)

    /// Whether, with these settings, it goes by the second moments of layers' inputs where there are any.
    var readsSecondMoments: Bool { get }

    /// Chooses a codec for each tensor; the result has the order of `tensors`.
    ///
    /// - Throws: `.unreachable` if the goal cannot be met, saying what bounds it.
    func plan(_ tensors: [any DeltaSource], goal: RateGoal) throws(DeltaicError) -> [PlannedDelta]
}

extension LossyMethod {
    public var readsSecondMoments: Bool { false }
}

/// How much the tensors of a method may take together.
public enum RateGoal: Sendable {
    /// What the settings say.
    case settings
    /// At most so many bits for a weight on the average, scales and positions included, without what the pack adds per chunk.
    case bitsPerWeight(Double)
    /// A relative error of the reconstructed weights |W_hat - W| / |W| over all tensors of at most this.
    case relativeError(Double)
}

/// What a method chose for a tensor, and what it expects.
public struct PlannedDelta: Sendable {
    public let codec: any LossyCodec
    /// The expected bits for a weight.
    public let bitsPerWeight: Double
    /// The expected |D_hat - D|^2 / |D|^2; nil if the method cannot say.
    public let relativeNoise: Double?

    public init(codec: any LossyCodec, bitsPerWeight: Double, relativeNoise: Double?) {
        self.codec = codec
        self.bitsPerWeight = bitsPerWeight
        self.relativeNoise = relativeNoise
    }
}
