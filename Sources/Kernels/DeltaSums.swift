internal import CKernels

/// Sums over base weights b and deltas d, in binary64.
///
/// Element i is added in lane i mod 8, then the lanes: the order is always the same.
public struct DeltaSums: Sendable, Equatable {
    /// Of d, |d| and d^2.
    public let sum: Double
    public let absoluteSum: Double
    public let squareSum: Double
    /// Of (b + d)^2, d * b and b^2.
    public let weightSquareSum: Double
    public let baseProduct: Double
    public let baseSquareSum: Double
    /// The elements whose d is not zero.
    public let nonzero: Int
    public let minimum: Float
    public let maximum: Float

    /// - Parameters:
    ///   - base: finite, as many as `delta` has.
    ///   - delta: finite, at least one.
    public init(base: UnsafeBufferPointer<Float>, delta: UnsafeBufferPointer<Float>) {
        self.init(base: base, delta: delta, isVectorised: VectorInstructions.areUsed)
    }

    init(base: UnsafeBufferPointer<Float>, delta: UnsafeBufferPointer<Float>, isVectorised: Bool) {
        precondition(base.count == delta.count && !delta.isEmpty)
        var sums = Lanes()
        var extremes = (SIMD8<Float>(repeating: delta[0]), SIMD8<Float>(repeating: delta[0]))
        var zeros = 0
        let whole = delta.count & ~7
        if let base = base.baseAddress, let delta = delta.baseAddress, whole > 0 {
            zeros =
                isVectorised
                ? Self.add(base, delta, whole, &sums, &extremes)
                : Self.addPortably(base, delta, whole, &sums, &extremes)
        }
        // Zeros that fill up the last eight add nothing.
        let rest = whole..<delta.count
        var last = (base: SIMD8<Float>(), delta: SIMD8<Float>())
        for index in rest {
            (last.base[index - whole], last.delta[index - whole]) = (base[index], delta[index])
            zeros += delta[index] == 0 ? 1 : 0
            extremes.0[0] = delta[index] < extremes.0[0] ? delta[index] : extremes.0[0]
            extremes.1[0] = delta[index] > extremes.1[0] ? delta[index] : extremes.1[0]
        }
        sums.add(base: last.base, delta: last.delta)
        sum = sums.sum.sum()
        absoluteSum = sums.absoluteSum.sum()
        squareSum = sums.squareSum.sum()
        weightSquareSum = sums.weightSquareSum.sum()
        baseProduct = sums.baseProduct.sum()
        baseSquareSum = sums.baseSquareSum.sum()
        nonzero = delta.count - zeros
        minimum = extremes.0.min()
        maximum = extremes.1.max()
    }

    /// Six sums of eight lanes, in the order in which `CKernels` takes them.
    private struct Lanes {
        var sum = SIMD8<Double>()
        var absoluteSum = SIMD8<Double>()
        var squareSum = SIMD8<Double>()
        var weightSquareSum = SIMD8<Double>()
        var baseProduct = SIMD8<Double>()
        var baseSquareSum = SIMD8<Double>()

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
            for lane in 0..<8 { absoluteSum[lane] += abs(d[lane]) }
        }
    }

    /// Returns how many deltas are zero.
    private static func add(
        _ base: UnsafePointer<Float>, _ delta: UnsafePointer<Float>, _ count: Int, _ sums: inout Lanes,
        _ extremes: inout (SIMD8<Float>, SIMD8<Float>)
    ) -> Int {
        withUnsafeMutableBytes(of: &sums) { sums in
            withUnsafeMutableBytes(of: &extremes) { extremes in
                Int(
                    deltaic_delta_sums(
                        base, delta, count, sums.assumingMemoryBound(to: Double.self).baseAddress,
                        extremes.assumingMemoryBound(to: Float.self).baseAddress))
            }
        }
    }

    private static func addPortably(
        _ base: UnsafePointer<Float>, _ delta: UnsafePointer<Float>, _ count: Int, _ sums: inout Lanes,
        _ extremes: inout (SIMD8<Float>, SIMD8<Float>)
    ) -> Int {
        // Counted in 32 bits, in parts for which these do.
        var zeros = 0
        for start in stride(from: 0, to: count, by: 1 << 30) {
            var counts = SIMD8<Int32>()
            for index in stride(from: start, to: min(count, start + 1 << 30), by: 8) {
                let d = UnsafeRawPointer(delta + index).loadUnaligned(as: SIMD8<Float>.self)
                sums.add(base: UnsafeRawPointer(base + index).loadUnaligned(as: SIMD8<Float>.self), delta: d)
                for lane in 0..<8 {
                    counts[lane] &+= d[lane] == 0 ? 1 : 0
                    extremes.0[lane] = d[lane] < extremes.0[lane] ? d[lane] : extremes.0[lane]
                    extremes.1[lane] = d[lane] > extremes.1[lane] ? d[lane] : extremes.1[lane]
                }
            }
            zeros += Int(counts.wrappedSum())
        }
        return zeros
    }
}
