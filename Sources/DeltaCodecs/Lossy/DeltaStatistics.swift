internal import DeltaicCore
internal import Kernels

/// Sums over a delta, all that planning needs of a tensor.
public struct DeltaStatistics: Sendable {
    public var count = 0
    /// Elements that differ from the base.
    public var nonzero = 0
    /// The sums of d, |d| and d^2.
    public var sum = 0.0
    public var absoluteSum = 0.0
    public var squareSum = 0.0
    public var minimum: Float = 0
    public var maximum: Float = 0
    /// The sum of w^2 over the fine-tuned weights.
    public var weightSquareSum = 0.0
    /// The sums of d * b and b^2 over the base weights b.
    public var baseProduct = 0.0
    public var baseSquareSum = 0.0
    /// The sum of d^2 of each row.
    public private(set) var rowSquares: [Double] = []

    public init() {}

    /// The standard deviation of d.
    public var deviation: Double {
        guard count > 0 else { return 0 }
        let mean = sum / Double(count)
        return max(0, squareSum / Double(count) - mean * mean).squareRoot()
    }

    /// The root mean square of d.
    public var rootMeanSquare: Double { count > 0 ? (squareSum / Double(count)).squareRoot() : 0 }

    /// |D| / |W|, Frobenius norms; 0 if both are 0.
    public var relativeDelta: Double {
        weightSquareSum > 0 ? (squareSum / weightSquareSum).squareRoot() : 0
    }

    public var isZero: Bool { nonzero == 0 }

    /// Adds the chunk that follows those before it; how the tensor is cut decides the last bits of the sums.
    ///
    /// - Parameter columns: the elements of a row.
    public mutating func add(_ chunk: DeltaChunk, columns: Int) {
        guard !chunk.delta.isEmpty else { return }
        let part = chunk.base.withUnsafeBufferPointer { base in
            chunk.delta.withUnsafeBufferPointer { delta in
                let context = TermContext(firstElement: count, count: delta.count, columns: columns, base: [])
                for row in context.rows {
                    if row == rowSquares.count { rowSquares.append(0) }
                    rowSquares[row] += SquareSum.of(
                        UnsafeBufferPointer(rebasing: delta[context.elements(ofRow: row)]))
                }
                return DeltaSums(base: base, delta: delta)
            }
        }
        minimum = count == 0 ? part.minimum : min(minimum, part.minimum)
        maximum = count == 0 ? part.maximum : max(maximum, part.maximum)
        count += chunk.delta.count
        nonzero += part.nonzero
        sum += part.sum
        absoluteSum += part.absoluteSum
        squareSum += part.squareSum
        weightSquareSum += part.weightSquareSum
        baseProduct += part.baseProduct
        baseSquareSum += part.baseSquareSum
    }
}
