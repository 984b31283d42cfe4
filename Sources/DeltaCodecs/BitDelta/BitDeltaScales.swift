internal import DeltaicCore
internal import Kernels

/// What the scales of a bitdelta term belong to; the raw values are those of its parameters.
enum BitDeltaAxis: UInt8 {
    case tensor = 0
    case row = 1
    /// Beside the signs.
    case column = 2
    /// In bytes that all chunks share.
    case sharedColumn = 3
}

/// The scales of one round over a whole tensor, and the sums that they come from.
///
/// Memory: one number for a row or a column.
struct BitDeltaScales {
    private let scale: BitDeltaMethod.Scale
    private var sums: [MagnitudeSums]
    private var count = 0

    /// One, or one for each row or column of the tensor.
    init(_ scale: BitDeltaMethod.Scale, rows: Int, columns: Int) {
        self.scale = scale
        let count =
            switch scale {
            case .mean: 1
            case .row, .unbiased: rows
            case .column: columns
            }
        sums = Array(repeating: MagnitudeSums(), count: count)
    }

    /// The mean of the deltas themselves: no pass over the tensor is needed.
    static func mean(of statistics: DeltaStatistics) -> [Float] {
        [Float(statistics.count > 0 ? statistics.absoluteSum / Double(statistics.count) : 0)]
    }

    /// Adds the values of a chunk.
    mutating func add(_ values: [Float], context: TermContext) {
        count += values.count
        values.withUnsafeBufferPointer { values in
            switch scale {
            case .mean: sums[0].add(values)
            case .row, .unbiased:
                for row in context.rows {
                    sums[row].add(UnsafeBufferPointer(rebasing: values[context.elements(ofRow: row)]))
                }
            case .column:
                for row in context.rows {
                    let range = context.elements(ofRow: row)
                    let shift = context.firstElement - row * context.columns
                    for index in range {
                        let value = Double(values[index])
                        sums[index + shift].nonzero += value != 0 ? 1 : 0
                        sums[index + shift].absolute += abs(value)
                    }
                }
            }
        }
    }

    /// The scales as they are stored: binary32 for a tensor, rounded to BF16 for rows and columns; 0 where all is zero.
    var values: [Float] {
        sums.map { sum in
            switch scale {
            case .mean: Float(count > 0 ? sum.absolute / Double(count) : 0)
            case .row, .column:
                FloatFormat.roundedToBFloat16(Float(sum.nonzero > 0 ? sum.absolute / Double(sum.nonzero) : 0))
            case .unbiased:
                FloatFormat.roundedToBFloat16(Float(sum.absolute > 0 ? sum.square / sum.absolute : 0))
            }
        }
    }
}
