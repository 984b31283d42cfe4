internal import CKernels

/// Sums over base weights b, deltas d and reconstructed weights r, in binary64; c = r - b is the reconstructed delta.
///
/// Element i is added in lane i mod 8, then the lanes: the order is always the same.
public struct ErrorSums: Sendable, Equatable {
    /// Of d^2, c^2 and d * c.
    public let deltaSquares: Double
    public let reconstructedSquares: Double
    public let product: Double
    /// Of (b + d)^2 and (c - d)^2.
    public let weightSquares: Double
    public let errorSquares: Double
    /// The elements whose d is not zero, and those of them whose c, in binary32, has its sign.
    public let changed: Int
    public let sameSign: Int

    /// All have the same number of elements.
    public init(
        base: UnsafeBufferPointer<Float>, delta: UnsafeBufferPointer<Float>, found: UnsafeBufferPointer<Float>
    ) {
        self.init(base: base, delta: delta, found: found, isVectorised: VectorInstructions.areUsed)
    }

    init(
        base: UnsafeBufferPointer<Float>, delta: UnsafeBufferPointer<Float>, found: UnsafeBufferPointer<Float>,
        isVectorised: Bool
    ) {
        precondition(base.count == delta.count && found.count == delta.count)
        var sums = Lanes()
        let whole = delta.count & ~7
        if isVectorised {
            withUnsafeMutableBytes(of: &sums) { sums in
                deltaic_error_sums(
                    base.baseAddress, delta.baseAddress, found.baseAddress, whole,
                    sums.assumingMemoryBound(to: Double.self).baseAddress)
            }
            var counts: (changed: Int64, same: Int64) = (0, 0)
            deltaic_sign_agreement(
                base.baseAddress, delta.baseAddress, found.baseAddress, delta.count, &counts.changed, &counts.same)
            (changed, sameSign) = (Int(counts.changed), Int(counts.same))
        } else {
            let bytes = (UnsafeRawBufferPointer(base), UnsafeRawBufferPointer(delta), UnsafeRawBufferPointer(found))
            for index in stride(from: 0, to: whole, by: 8) {
                sums.add(
                    base: bytes.0.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self),
                    delta: bytes.1.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self),
                    found: bytes.2.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self))
            }
            (changed, sameSign) = Self.portableSignAgreement(base: base, delta: delta, found: found)
        }
        // Zeros that fill up the last eight add nothing.
        var last = (base: SIMD8<Float>(), delta: SIMD8<Float>(), found: SIMD8<Float>())
        for index in whole..<delta.count {
            last.base[index - whole] = base[index]
            last.delta[index - whole] = delta[index]
            last.found[index - whole] = found[index]
        }
        sums.add(base: last.base, delta: last.delta, found: last.found)
        deltaSquares = sums.deltaSquares.sum()
        reconstructedSquares = sums.reconstructedSquares.sum()
        product = sums.product.sum()
        weightSquares = sums.weightSquares.sum()
        errorSquares = sums.errorSquares.sum()
    }

    private static func portableSignAgreement(
        base: UnsafeBufferPointer<Float>, delta: UnsafeBufferPointer<Float>, found: UnsafeBufferPointer<Float>
    ) -> (changed: Int, sameSign: Int) {
        var total = (changed: 0, sameSign: 0)
        // Counted in 32 bits, in parts for which these do.
        for start in stride(from: 0, to: delta.count, by: 1 << 30) {
            var counts: (changed: Int32, sameSign: Int32) = (0, 0)
            for index in start..<min(delta.count, start + 1 << 30) {
                let change = found[index] - base[index]
                let sign: Int32 = (delta[index] > 0 ? 1 : 0) &- (delta[index] < 0 ? 1 : 0)
                let found: Int32 = (change > 0 ? 1 : 0) &- (change < 0 ? 1 : 0)
                counts.changed &+= sign & 1
                // 1 for both or -1 for both.
                counts.sameSign &+= (sign & found & 1) & ~((sign ^ found) &>> 1)
            }
            total = (total.changed + Int(counts.changed), total.sameSign + Int(counts.sameSign))
        }
        return total
    }

    /// Five sums of eight lanes, in the order in which `CKernels` takes them.
    private struct Lanes {
        var deltaSquares = SIMD8<Double>()
        var reconstructedSquares = SIMD8<Double>()
        var product = SIMD8<Double>()
        var weightSquares = SIMD8<Double>()
        var errorSquares = SIMD8<Double>()

        @inline(__always)
        mutating func add(base: SIMD8<Float>, delta: SIMD8<Float>, found: SIMD8<Float>) {
            let base = SIMD8<Double>(base)
            let d = SIMD8<Double>(delta)
            let change = SIMD8<Double>(found) - base
            let weight = base + d
            let error = change - d
            deltaSquares += d * d
            reconstructedSquares += change * change
            product += d * change
            weightSquares += weight * weight
            errorSquares += error * error
        }
    }
}
