/// How a tensor is cut into chunks: a rule that depends on the element width alone, so that the chunks of a tensor and of
/// its base cover the same element ranges.
public struct ChunkGrid: Sendable, Equatable {
    /// The raw bytes of a full chunk; divisible by every element width.
    public static let chunkBytes = 2 << 20

    public let elementCount: Int
    public let width: Int

    public init(elementCount: Int, width: Int) {
        self.elementCount = elementCount
        self.width = width
    }

    public var elementsPerChunk: Int { Self.chunkBytes / width }

    /// 0 for an empty tensor.
    public var chunkCount: Int { (elementCount + elementsPerChunk - 1) / elementsPerChunk }

    /// The elements of a chunk; `chunk` is below ``chunkCount``.
    public func elements(of chunk: Int) -> Range<Int> {
        let start = chunk * elementsPerChunk
        return start..<min(start + elementsPerChunk, elementCount)
    }

    /// The raw bytes of the tensor that a chunk covers.
    public func bytes(of chunk: Int) -> Range<Int> {
        let range = elements(of: chunk)
        return range.lowerBound * width..<range.upperBound * width
    }
}
