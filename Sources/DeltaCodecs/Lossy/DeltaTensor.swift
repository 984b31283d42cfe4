public import DeltaicCore
internal import Kernels

/// A delta whose two tensors are in memory.
public struct DeltaTensor: DeltaSource {
    public let name: String
    public let type: ElementType
    public let rows: Int
    public let columns: Int
    public let key: UInt64
    public let statistics: DeltaStatistics
    private let baseWords: [UInt8]
    private let fineTunedWords: [UInt8]
    private let moments: [Float]?

    /// - Parameters:
    ///   - base: the raw bytes of the base tensor, at least one row of them.
    ///   - fineTuned: the raw bytes of the tensor.
    ///   - columns: the elements of a row.
    ///   - secondMoments: the mean of x x^T over inputs, `columns` x `columns`.
    /// - Throws: `.codecMisuse` if the lengths do not fit, `.notFinite`.
    public init(
        name: String, type: ElementType, columns: Int, base: [UInt8], fineTuned: [UInt8], key: UInt64 = 0,
        secondMoments: [Float]? = nil
    ) throws(DeltaicError) {
        let rowBytes = columns * type.width
        guard type.floatFormat != nil, columns > 0, base.count % rowBytes == 0, fineTuned.count % rowBytes == 0,
            !base.isEmpty, !fineTuned.isEmpty
        else {
            throw DeltaicError(
                .codecMisuse, "lossy codecs take whole rows of F32, F16 or BF16", at: [name],
                found: "\(type.rawValue), \(base.count) and \(fineTuned.count) bytes in rows of \(rowBytes)")
        }
        self.name = name
        self.type = type
        self.columns = columns
        self.key = key
        rows = min(base.count, fineTuned.count) / rowBytes
        baseWords = base
        fineTunedWords = fineTuned
        moments = secondMoments
        var statistics = DeltaStatistics()
        let grid = ChunkGrid(elementCount: rows * columns, width: type.width)
        for position in 0..<grid.chunkCount {
            statistics.add(
                try Self.chunk(position, grid: grid, base: base, fineTuned: fineTuned, type: type), columns: columns)
        }
        self.statistics = statistics
    }

    public var chunkCount: Int { ChunkGrid(elementCount: elementCount, width: type.width).chunkCount }

    public func secondMoments() throws(DeltaicError) -> [Float]? { moments }

    public func chunk(_ position: Int) throws(DeltaicError) -> DeltaChunk {
        let grid = ChunkGrid(elementCount: elementCount, width: type.width)
        return try Self.chunk(position, grid: grid, base: baseWords, fineTuned: fineTunedWords, type: type)
    }

    private static func chunk(
        _ position: Int, grid: ChunkGrid, base: [UInt8], fineTuned: [UInt8], type: ElementType
    ) throws(DeltaicError) -> DeltaChunk {
        let bytes = grid.bytes(of: position)
        return try DeltaChunk(
            baseWords: Array(base[bytes]), fineTunedWords: Array(fineTuned[bytes]),
            format: type.floatFormat ?? .binary32, firstElement: grid.elements(of: position).lowerBound)
    }

    public func tail(ofChunk position: Int) throws(DeltaicError) -> [UInt8] {
        let whole = ChunkGrid(elementCount: fineTunedWords.count / type.width, width: type.width)
        let bytes = whole.bytes(of: position)
        return Array(
            fineTunedWords[max(bytes.lowerBound, min(bytes.upperBound, elementCount * type.width))..<bytes.upperBound])
    }
}
