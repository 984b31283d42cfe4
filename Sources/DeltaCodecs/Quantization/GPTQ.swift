public import DeltaicCore

/// Quantises a matrix so that its products with the layer's inputs change least.
///
/// Frantar, Ashkboos, Hoefler and Alistarh, "GPTQ" (ICLR 2023), as Delta-CoMe uses it: one column after the other, each
/// column's error compensated in those that follow.
///
/// **Order and groups.** Columns of large diagonal elements of the Hessian should be quantised first ("act-order"), while many
/// others are left to compensate. Delta-CoMe's groups are runs of the sorted columns, with scales chosen from the columns as
/// compensated when a group is reached; a decoder must then be told the order. Here a group is always a run of columns as they are
/// stored, so the decoder knows nothing of the order, and with act-order its scale is chosen before anything is compensated
/// (GPTQ's "static groups"). For a matrix of one group, as the narrow bands of Delta-CoMe are, the two are the same. In the
/// order of storage groups are reached one by one, and their scales are chosen from the columns as compensated. Of
/// columns with equal elements the first goes first.
///
/// With the identity for a Hessian the result is that of ``AffineQuantizer/quantize(_:)``.
public struct GPTQ: Sendable {
    public var grid: QuantizationGrid
    /// The share of the Hessian's mean diagonal element that is added to its diagonal.
    public var damping: Double
    /// Whether columns of large diagonal elements go first; else they go as they are stored.
    public var isOrderedByHessian: Bool

    public init(grid: QuantizationGrid, damping: Double = 0.01, isOrderedByHessian: Bool = true) {
        self.grid = grid
        self.damping = damping
        self.isOrderedByHessian = isOrderedByHessian
    }

    /// Quantises `weights`.
    ///
    /// - Parameters:
    ///   - weights: outputs x inputs.
    ///   - hessian: inputs x inputs, symmetric: 2/n times the sum of x x^T over the inputs x of n calibration sequences; a factor
    ///     makes no difference but for dead inputs. Inputs whose diagonal element is 0 are dead: their weights become 0. Nil,
    ///     where nothing is known of the inputs, for the identity.
    /// - Throws: `.notFinite`, `.notPositiveDefinite`; `.codecMisuse` if the shapes do not fit or a setting is out of range.
    public func quantize(_ weights: Matrix, hessian: Matrix?) throws(DeltaicError) -> QuantizedMatrix {
        let count = weights.columns
        try grid.require()
        let diagonal = try ErrorCompensation.diagonal(of: hessian, count: count)
        let order =
            isOrderedByHessian
            ? diagonal.indices.sorted { (diagonal[$1], $0) < (diagonal[$0], $1) } : Array(diagonal.indices)
        var compensation = try ErrorCompensation(weights: weights, hessian: hessian, damping: damping, order: order)
        var result = GroupLevels(try AffineQuantizer(grid: grid, fitting: weights), weights: weights, order: order)
        let groups = (0..<grid.groupCount(count)).map { grid.columns(of: $0, among: count) }
        if isOrderedByHessian {
            for group in groups.indices { result.choose(group, from: compensation.weights) }
            try quantize(0..<count, &compensation, &result)
        } else {
            for (group, columns) in groups.enumerated() {
                result.choose(group, from: compensation.weights)
                try quantize(columns, &compensation, &result)
            }
        }
        return result.matrix
    }

    /// Quantises the columns at consecutive positions, whose levels are chosen.
    private func quantize(
        _ positions: Range<Int>, _ compensation: inout ErrorCompensation, _ result: inout GroupLevels
    ) throws(DeltaicError) {
        for start in stride(from: positions.lowerBound, to: positions.upperBound, by: ErrorCompensation.blockSize) {
            let block = start..<min(start + ErrorCompensation.blockSize, positions.upperBound)
            try compensation.replace(block) { row, position, values in
                result.quantize(values[position], row: row, position: position)
            }
        }
    }
}

/// A matrix on its way to being quantised, its columns in another order.
private struct GroupLevels {
    private let quantizer: AffineQuantizer
    private(set) var matrix: QuantizedMatrix
    /// The column at each position.
    private let order: [Int]
    /// The group of the column at each position.
    private let groups: [Int]
    /// Rows x groups.
    private var levels: [QuantizationLevel]

    init(_ quantizer: AffineQuantizer, weights: Matrix, order: [Int]) {
        self.quantizer = quantizer
        self.order = order
        matrix = quantizer.empty(rows: weights.rows, columns: weights.columns)
        groups = order.map { column in quantizer.grid.groupSize.map { column / $0 } ?? 0 }
        levels = [QuantizationLevel](
            repeating: QuantizationLevel(scale: 1, zero: 0, limit: 0), count: matrix.scales.count)
    }

    /// Chooses the scales and zeros of a group in all rows from weights that are arranged by position.
    mutating func choose(_ group: Int, from weights: Matrix) {
        let positions = groups.indices.filter { groups[$0] == group }
        for row in 0..<weights.rows {
            let values = positions.map { weights.values[row * weights.columns + $0] }
            let index = row * matrix.groupsPerRow + group
            levels[index] = quantizer.setLevel(of: index, for: values[...], in: &matrix)
        }
    }

    /// Stores the code of a value and returns the value of the code.
    mutating func quantize(_ value: Float, row: Int, position: Int) -> Float {
        let level = levels[row * matrix.groupsPerRow + groups[position]]
        let code = level.code(value)
        matrix.codes[row * matrix.columns + order[position]] = code
        return level.value(code)
    }
}
