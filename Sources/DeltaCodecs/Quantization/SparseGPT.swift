public import DeltaicCore

/// A quantised matrix of which half the elements are dropped: two of every four consecutive columns of a row.
public struct SparseQuantizedMatrix: Sendable, Equatable {
    /// The code of a dropped element is the zero code.
    public let matrix: QuantizedMatrix
    /// Whether elements are kept: for each row and each four columns a byte whose bit i stands for the i-th of them.
    ///
    /// Two bits are set; in a last group of fewer than four columns at most two.
    public let masks: [UInt8]

    /// The masks of a row: (columns + 3) / 4.
    public var masksPerRow: Int { (matrix.columns + 3) / 4 }
}

/// Drops half of a matrix and quantises the rest, so that its products with the layer's inputs change least.
///
/// SparseGPT (Frantar and Alistarh, ICML 2023) as DeltaZip uses it (Yao et al., EuroSys 2025): columns as they are stored; of
/// every four consecutive columns the two with the smallest (w / C[i, i])^2 are dropped, w as compensated when the four are
/// reached and C the upper Cholesky factor of the inverse Hessian (what SparseGPT's code calls Hinv); the others are quantised,
/// symmetric, one scale for the whole row of the uncompensated matrix. Errors of both are compensated in the columns that
/// follow. Of equal columns the first is kept.
///
/// With the identity for a Hessian that is 2:4 pruning by magnitude and rounding.
public struct SparseGPT: Sendable {
    /// 2...8 bits of a symmetric grid.
    public var bits: Int
    /// The share of the Hessian's mean diagonal element that is added to its diagonal.
    public var damping: Double

    public init(bits: Int, damping: Double = 0.01) {
        self.bits = bits
        self.damping = damping
    }

    /// Quantises `weights`.
    ///
    /// - Parameters:
    ///   - weights: outputs x inputs.
    ///   - hessian: as in ``GPTQ/quantize(_:hessian:)``; nil for the identity.
    /// - Throws: as ``GPTQ/quantize(_:hessian:)``.
    public func quantize(_ weights: Matrix, hessian: Matrix?) throws(DeltaicError) -> SparseQuantizedMatrix {
        let count = weights.columns
        let grid = QuantizationGrid.symmetric(bits: bits)
        let quantizer = try AffineQuantizer(grid: grid, fitting: weights)
        var result = quantizer.empty(rows: weights.rows, columns: count)
        let masksPerRow = (count + 3) / 4
        var masks = [UInt8](repeating: 0, count: weights.rows * masksPerRow)
        var compensation = try ErrorCompensation(
            weights: weights, hessian: hessian, damping: damping, order: Array(0..<count))
        guard count > 0 else { return SparseQuantizedMatrix(matrix: result, masks: masks) }
        let levels = (0..<weights.rows).map { row in
            quantizer.setLevel(
                of: row, for: compensation.weights.values[row * count..<(row + 1) * count], in: &result)
        }
        let factors = compensation.factor?.diagonal ?? [Float](repeating: 1, count: count)
        for start in stride(from: 0, to: count, by: ErrorCompensation.blockSize) {
            let block = start..<min(start + ErrorCompensation.blockSize, count)
            try compensation.replace(block) { row, column, values in
                let mask = row * masksPerRow + column / 4
                if column % 4 == 0 {
                    masks[mask] = Self.kept(column..<min(column + 4, count), of: values, factors: factors)
                }
                let isKept = masks[mask] >> (column % 4) & 1 == 1
                let code = isKept ? levels[row].code(values[column]) : grid.middle
                result.codes[row * count + column] = code
                return levels[row].value(code)
            }
        }
        return SparseQuantizedMatrix(matrix: result, masks: masks)
    }

    /// The mask of up to four columns.
    private static func kept(_ columns: Range<Int>, of values: UnsafePointer<Float>, factors: [Float]) -> UInt8 {
        // Less than any other for columns that there are not.
        var saliencies = SIMD4<Float>(repeating: -1)
        for (lane, column) in columns.enumerated() { saliencies[lane] = (values[column] / factors[column]).magnitude }
        var mask: UInt8 = 0
        for lane in 0..<columns.count {
            // Kept if fewer than two others come before it.
            var before = 0
            for other in 0..<4 {
                let isBefore =
                    saliencies[other] > saliencies[lane] || (saliencies[other] == saliencies[lane] && other < lane)
                if isBefore { before += 1 }
            }
            if before < 2 { mask |= 1 << UInt8(lane) }
        }
        return mask
    }
}
