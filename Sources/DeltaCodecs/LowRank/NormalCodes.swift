internal import DeltaicCore
internal import Kernels

/// How codes and scales of normal values look: singular vectors do so, near enough, before any of them is computed.
struct NormalCodes: Sendable {
    typealias Histogram = ExpectedSize.Histogram

    /// Packed codes, or the low bytes of FP16 words.
    let codes: Histogram
    /// Packed zeros of an affine grid.
    let zeros: Histogram
    /// The low and high bytes of scales, or of FP16 words.
    let low: Histogram
    let high: Histogram
    /// The share of the squares that rounding loses.
    let loss: Double

    private init(_ values: Matrix, _ layout: FactorLayout) throws(DeltaicError) {
        var codes: [UInt8] = []
        var zeros: [UInt8] = []
        var scales: [UInt16] = []
        var rounded = values
        switch layout.grid {
        case .half: scales = try FactorQuantizer.halves(values).words
        case .affine:
            let quantizer = try AffineQuantizer(grid: .asymmetric(bits: layout.bits), fitting: values)
            let result = try quantizer.quantize(values)
            (codes, zeros, scales, rounded) = (result.codes, result.zeros, result.scales, result.values)
        case .centred, .zeroed:
            let grid = VectorGrid(grid: layout.grid, bits: layout.bits, group: 0)
            let steps = try grid.steps(ofRows: values)
            scales = steps.scales
            for row in 0..<values.rows {
                let step = steps.values[row * steps.groupsPerVector]
                for index in row * values.columns..<(row + 1) * values.columns {
                    codes.append(grid.code(values.values[index], step: step))
                    rounded.values[index] = grid.value(codes[index], step: step)
                }
            }
        }
        self.codes = Histogram(layout.grid == .half ? [] : PackedBits.pack(codes, bits: layout.bits))
        self.zeros = Histogram(zeros.isEmpty ? [] : PackedBits.pack(zeros, bits: layout.bits))
        low = Histogram(scales.map { UInt8(truncatingIfNeeded: $0) })
        high = Histogram(scales.map { UInt8(truncatingIfNeeded: $0 >> 8) })
        let error = (values - rounded).frobeniusNorm
        let norm = values.frobeniusNorm
        loss = norm > 0 ? error * error / (norm * norm) : 0
    }

    private struct Key: Hashable {
        let grid: FactorGrid
        let bits: Int
        let size: Int
    }

    private static let table: [Key: NormalCodes] = {
        var table: [Key: NormalCodes] = [:]
        func add(_ grid: FactorGrid, _ bits: Int, _ size: Int) {
            let rows = 32768 / size
            let values = RandomizedSVD.gaussian(rows: rows, columns: size, seed: UInt64(size))
            let layout = FactorLayout(
                grid: grid, bits: bits, width: rows, group: 0, leftExponent: 0, rightExponent: 0)
            table[Key(grid: grid, bits: bits, size: size)] = try? NormalCodes(values, layout)
        }
        add(.half, 16, 4096)
        for bits in [2, 3, 4, 8] {
            add(.centred, bits, 4096)
            for exponent in 0...7 { add(.affine, bits, 1 << exponent) }
        }
        return table
    }()

    /// - Parameter size: the values of a group, for an affine grid.
    static func of(_ layout: FactorLayout, size: Int) -> NormalCodes? {
        switch layout.grid {
        case .half: table[Key(grid: .half, bits: 16, size: 4096)]
        case .centred, .zeroed: table[Key(grid: .centred, bits: layout.bits, size: 4096)]
        case .affine:
            // The largest power of two that is not above it.
            table[
                Key(
                    grid: .affine, bits: layout.bits,
                    size: 1 << (Int.bitWidth - 1 - min(128, max(1, size)).leadingZeroBitCount))]
        }
    }
}

extension ExpectedSize {
    /// Appends a side of a band: codes, scales and zeros as `FactorCodes` writes them.
    ///
    /// - Parameters:
    ///   - vectors: rows, which need not be a whole number: the mean over chunks.
    ///   - length: the values of a row.
    ///   - withScales: whether scales follow.
    ///   - isBounded: whether the coder is told where the parts end.
    mutating func append(
        _ layout: FactorLayout, vectors: Double, length: Int, withScales: Bool, isBounded: Bool
    ) {
        let size = layout.group == 0 ? length : min(length, layout.group)
        guard let look = NormalCodes.of(layout, size: size) else { return }
        if layout.grid == .half {
            append(vectors * Double(length), look.low)
            if isBounded { endBlock() }
            append(vectors * Double(length), look.high)
            if isBounded { endBlock() }
            return
        }
        append((vectors * Double(length * layout.bits) / 8).rounded(.up), look.codes)
        if isBounded { endBlock() }
        guard withScales else { return }
        let groups = vectors * Double(layout.groups(length))
        append(groups, look.low)
        append(groups, look.high)
        if isBounded { endBlock() }
        if layout.grid == .affine {
            append(groups * Double(layout.bits) / 8, look.zeros)
            if isBounded { endBlock() }
        }
    }
}
