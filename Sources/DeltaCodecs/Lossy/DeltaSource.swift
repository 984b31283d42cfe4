public import DeltaicCore
public import Kernels

/// The difference of a tensor from its base, given chunk by chunk.
///
/// The matrix that codecs see has `rows` rows of `columns`: the first dimension of the tensor, and the rest flattened; of a
/// stack of matrices, as experts are stored, the rows of all matrices (`TensorShape.matrixColumns(name:)`). A vector or a scalar is one row.
/// Only the leading rows that the base has too are seen.
public protocol DeltaSource: Sendable {
    /// The tensor's name, for errors and for the order of ties.
    var name: String { get }
    var type: ElementType { get }
    /// The rows and columns that tensor and base share.
    var rows: Int { get }
    var columns: Int { get }
    /// Chunks of the tensor that hold at least one shared element: `elementRange(ofChunk:)` of these cover all of them.
    var chunkCount: Int { get }
    /// The key of the tensor's own random words.
    var key: UInt64 { get }
    var statistics: DeltaStatistics { get }
    /// The mean of x x^T over inputs x of the layer, `columns` x `columns` row-major, when the user gave it.
    func secondMoments() throws(DeltaicError) -> [Float]?

    /// Base and delta of the shared elements of a chunk; all are finite.
    ///
    /// - Throws: `.notFinite` naming the element, or what reading throws.
    func chunk(_ position: Int) throws(DeltaicError) -> DeltaChunk

    /// The raw bytes of the chunk's elements that the base lacks: those of the rows that a larger vocabulary has more.
    func tail(ofChunk position: Int) throws(DeltaicError) -> [UInt8]
}

extension DeltaSource {
    public var elementCount: Int { rows * columns }
    public var format: FloatFormat { type.floatFormat ?? .binary32 }

    /// The shared elements of a chunk, counted from the tensor's first.
    public func elementRange(ofChunk position: Int) -> Range<Int> {
        ChunkGrid(elementCount: elementCount, width: type.width).elements(of: position)
    }

    /// The whole delta in memory, row by row: for codecs that need the matrix at once.
    public func wholeDelta() throws(DeltaicError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(elementCount)
        for position in 0..<chunkCount { values += try chunk(position).delta }
        return values
    }
}

/// The shared elements of one chunk.
public struct DeltaChunk: Sendable {
    /// The words of the base.
    public let baseWords: [UInt8]
    /// The base as binary32, exactly.
    public let base: [Float]
    /// fine-tune - base, in binary32.
    public let delta: [Float]

    public init(baseWords: [UInt8], base: [Float], delta: [Float]) {
        self.baseWords = baseWords
        self.base = base
        self.delta = delta
    }

    /// Reads the values of two runs of equally many words.
    ///
    /// - Parameter firstElement: the position of the first word in its tensor, for errors.
    /// - Throws: `.notFinite` naming the first element that is infinite or no number, in either.
    public init(
        baseWords: [UInt8], fineTunedWords: [UInt8], format: FloatFormat, firstElement: Int
    ) throws(DeltaicError) {
        let (base, delta, isFinite) = format.differences(of: fineTunedWords, from: baseWords)
        if !isFinite {
            let tuned = format.values(of: fineTunedWords)
            for index in tuned.indices where !tuned[index].isFinite || !base[index].isFinite || !delta[index].isFinite {
                throw DeltaicError(
                    .notFinite, "lossy codecs take finite weights only", at: ["element \(firstElement + index)"],
                    found: base[index].isFinite ? "\(tuned[index])" : "\(base[index]) in the base",
                    advice: "register it without a codec: that keeps every bit; or name another codec for this tensor")
            }
        }
        self.init(baseWords: baseWords, base: base, delta: delta)
    }
}

extension ElementType {
    /// How lossy codecs read the words; nil for dtypes that they do not take.
    public var floatFormat: FloatFormat? {
        switch self {
        case .float32: .binary32
        case .float16: .binary16
        case .bfloat16: .bfloat16
        default: nil
        }
    }
}
