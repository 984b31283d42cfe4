internal import DeltaicCore

/// What factors of a matrix take, before any of them is made.
struct LowRankSize: Sendable {
    let rows: Int
    let columns: Int
    let chunks: Int
    /// The sum over chunks of the rows that they touch: rows that straddle two are stored twice.
    let chunkRows: Int

    init(rows: Int, columns: Int, type: ElementType) {
        self.rows = rows
        self.columns = columns
        let grid = ChunkGrid(elementCount: rows * columns, width: type.width)
        chunks = grid.chunkCount
        var cut = 0
        for chunk in 1..<max(2, chunks) where chunk < chunks && grid.elements(of: chunk).lowerBound % columns != 0 {
            cut += 1
        }
        chunkRows = rows + cut
    }

    /// The bits of the two scales of a direction.
    static let bitsPerDirection = 32
    /// Version, shape, number of bands and one layout; a digest for every chunk.
    var fixedBits: Double { 8 * (18 + 32 * Double(chunks)) }

    /// The bits of the factors, scales included, as they are packed.
    func packedBits(rank: Int, bits: Int, group: Int) -> Double {
        guard rank > 0 else { return 0 }
        let layout = FactorLayout(
            grid: bits == 16 ? .half : .centred, bits: bits, width: rank, group: group,
            leftExponent: 0, rightExponent: 0)
        let left = Double(chunkRows * rank * bits)
        return 8 * Double(layout.sharedBytes(rows: rows, columns: columns)) + left + fixedBits
    }

    /// The bits that are expected once all is entropy coded.
    func expectedBits(rank: Int, bits: Int, group: Int) -> Double {
        guard rank > 0 else { return 0 }
        let grid: FactorGrid = bits == 16 ? .half : .centred
        return expectedBits([
            FactorLayout(grid: grid, bits: bits, width: rank, group: group, leftExponent: 0, rightExponent: 0)
        ])
    }

    /// The bits that bands are expected to take.
    func expectedBits(_ layouts: [FactorLayout]) -> Double {
        var shared = ExpectedSize()
        var chunk = ExpectedSize()
        var bytes = 9.0 + 8 * Double(layouts.count) + 32 * Double(chunks)
        for layout in layouts {
            shared.append(
                layout, vectors: Double(layout.width), length: columns, withScales: true, isBounded: false)
            // Few: two bytes each.
            if layout.grid.isByVector { bytes += 2 * Double(layout.width * layout.groups(rows)) }
            chunk.append(
                layout, vectors: Double(chunkRows) / Double(chunks), length: layout.width,
                withScales: layout.grid == .affine, isBounded: true)
        }
        shared.endBlock()
        chunk.endBlock()
        return 8 * (bytes + shared.bytes + Double(chunks) * chunk.bytes)
    }

    /// The largest rank whose bits are expected to be at most `limit`.
    func rank(bits: Int, group: Int = 0, atMost limit: Double) -> Int {
        let fixed = expectedBits(rank: 1, bits: bits, group: group)
        guard limit >= fixed else { return 0 }
        var (low, high) = (1, min(rows, columns))
        while low < high {
            let middle = (low + high + 1) / 2
            if expectedBits(rank: middle, bits: bits, group: group) <= limit { low = middle } else { high = middle - 1 }
        }
        return low
    }
}
