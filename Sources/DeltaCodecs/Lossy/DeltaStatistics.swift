internal import DeltaicCore

/// Sums over a delta, all that planning needs of a tensor.
public struct DeltaStatistics: Sendable, Codable, Equatable {
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

    /// Adds what follows; the order of the parts decides the last bits of the sums.
    public mutating func add(_ chunk: DeltaChunk) {
        var part = DeltaStatistics()
        part.count = chunk.delta.count
        if count == 0, let first = chunk.delta.first { (minimum, maximum) = (first, first) }
        for (delta, base) in zip(chunk.delta, chunk.base) {
            let d = Double(delta)
            let b = Double(base)
            part.sum += d
            part.absoluteSum += abs(d)
            part.squareSum += d * d
            part.weightSquareSum += (b + d) * (b + d)
            part.baseProduct += d * b
            part.baseSquareSum += b * b
            part.nonzero += delta == 0 ? 0 : 1
            minimum = min(minimum, delta)
            maximum = max(maximum, delta)
        }
        count += part.count
        nonzero += part.nonzero
        sum += part.sum
        absoluteSum += part.absoluteSum
        squareSum += part.squareSum
        weightSquareSum += part.weightSquareSum
        baseProduct += part.baseProduct
        baseSquareSum += part.baseSquareSum
    }
}
