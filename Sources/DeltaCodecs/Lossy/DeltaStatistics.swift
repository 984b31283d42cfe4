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
        var sums = Lanes(first: minimum, maximum)
        chunk.base.withUnsafeBytes { base in
            chunk.delta.withUnsafeBytes { delta in
                let whole = chunk.delta.count & ~7
                for index in stride(from: 0, to: whole, by: 8) {
                    sums.add(
                        base: base.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self),
                        delta: delta.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self))
                }
                sums.add(to: &part)
                part.nonzero += whole
                // The others one by one.
                for index in whole..<chunk.delta.count {
                    let d = Double(chunk.delta[index])
                    let b = Double(chunk.base[index])
                    part.sum += d
                    part.absoluteSum += abs(d)
                    part.squareSum += d * d
                    part.weightSquareSum += (b + d) * (b + d)
                    part.baseProduct += d * b
                    part.baseSquareSum += b * b
                    part.nonzero += d == 0 ? 0 : 1
                    sums.minimum[0] = min(sums.minimum[0], chunk.delta[index])
                    sums.maximum[0] = max(sums.maximum[0], chunk.delta[index])
                }
            }
        }
        minimum = sums.minimum.min()
        maximum = sums.maximum.max()
        count += part.count
        nonzero += part.nonzero
        sum += part.sum
        absoluteSum += part.absoluteSum
        squareSum += part.squareSum
        weightSquareSum += part.weightSquareSum
        baseProduct += part.baseProduct
        baseSquareSum += part.baseSquareSum
    }

    /// The sums of eight elements at a time; the order in which they are added is always the same.
    private struct Lanes {
        var zeros = SIMD8<Int32>()
        var sum = SIMD8<Double>()
        var absoluteSum = SIMD8<Double>()
        var squareSum = SIMD8<Double>()
        var weightSquareSum = SIMD8<Double>()
        var baseProduct = SIMD8<Double>()
        var baseSquareSum = SIMD8<Double>()
        var minimum: SIMD8<Float>
        var maximum: SIMD8<Float>

        init(first minimum: Float, _ maximum: Float) {
            self.minimum = SIMD8(repeating: minimum)
            self.maximum = SIMD8(repeating: maximum)
        }

        @inline(__always)
        mutating func add(base: SIMD8<Float>, delta: SIMD8<Float>) {
            let d = SIMD8<Double>(delta)
            let b = SIMD8<Double>(base)
            let weight = b + d
            sum += d
            squareSum += d * d
            weightSquareSum += weight * weight
            baseProduct += d * b
            baseSquareSum += b * b
            for lane in 0..<8 {
                absoluteSum[lane] += abs(d[lane])
                zeros[lane] &+= d[lane] == 0 ? 1 : 0
                minimum[lane] = delta[lane] < minimum[lane] ? delta[lane] : minimum[lane]
                maximum[lane] = delta[lane] > maximum[lane] ? delta[lane] : maximum[lane]
            }
        }

        func add(to statistics: inout DeltaStatistics) {
            statistics.nonzero -= Int(zeros.wrappedSum())
            statistics.sum += sum.sum()
            statistics.absoluteSum += absoluteSum.sum()
            statistics.squareSum += squareSum.sum()
            statistics.weightSquareSum += weightSquareSum.sum()
            statistics.baseProduct += baseProduct.sum()
            statistics.baseSquareSum += baseSquareSum.sum()
        }
    }
}
