public import DeltaicCore
public import Kernels

extension DeltaQuality {
    /// Adds a chunk.
    ///
    /// - Parameter reconstructed: the words that decoding gives, at least as many as the chunk has shared elements.
    public mutating func add(_ chunk: DeltaChunk, reconstructed: [UInt8], format: FloatFormat) {
        let values = format.values(of: reconstructed)
        precondition(values.count >= chunk.delta.count)
        var sums = Lanes()
        var rest = Lanes()
        // A chunk has fewer than 2^31 elements.
        var changed: Int32 = 0
        var sameSign: Int32 = 0
        chunk.base.withUnsafeBufferPointer { base in
            chunk.delta.withUnsafeBufferPointer { delta in
                values.withUnsafeBufferPointer { found in
                    // Whole numbers in a loop of their own: compilers see through it.
                    for index in 0..<delta.count {
                        let change = found[index] - base[index]
                        let sign: Int32 = (delta[index] > 0 ? 1 : 0) &- (delta[index] < 0 ? 1 : 0)
                        let found: Int32 = (change > 0 ? 1 : 0) &- (change < 0 ? 1 : 0)
                        changed &+= sign & 1
                        // 1 for both or -1 for both.
                        sameSign &+= (sign & found & 1) & ~((sign ^ found) &>> 1)
                    }
                    let whole = delta.count & ~3
                    let bytes = (
                        UnsafeRawBufferPointer(base), UnsafeRawBufferPointer(delta), UnsafeRawBufferPointer(found)
                    )
                    for index in stride(from: 0, to: whole, by: 4) {
                        sums.add(
                            base: bytes.0.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD4<Float>.self),
                            delta: bytes.1.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD4<Float>.self),
                            found: bytes.2.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD4<Float>.self))
                    }
                    // The others one by one, in the first lane.
                    for index in whole..<delta.count {
                        rest.add(
                            base: SIMD4(base[index], 0, 0, 0), delta: SIMD4(delta[index], 0, 0, 0),
                            found: SIMD4(found[index], 0, 0, 0))
                    }
                }
            }
        }
        var sum = DeltaQuality()
        sum.count = chunk.delta.count
        sum.changed = Int(changed)
        sum.sameSign = Int(sameSign)
        sums.add(to: &sum)
        rest.add(to: &sum)
        add(sum)
    }

    /// The sums of four elements at a time; the order in which they are added is always the same.
    private struct Lanes {
        var deltaSquares = SIMD4<Double>()
        var reconstructedSquares = SIMD4<Double>()
        var product = SIMD4<Double>()
        var weightSquares = SIMD4<Double>()
        var errorSquares = SIMD4<Double>()

        @inline(__always)
        mutating func add(base: SIMD4<Float>, delta: SIMD4<Float>, found: SIMD4<Float>) {
            let base = SIMD4<Double>(base)
            let d = SIMD4<Double>(delta)
            let change = SIMD4<Double>(found) - base
            let weight = base + d
            let error = change - d
            deltaSquares += d * d
            reconstructedSquares += change * change
            product += d * change
            weightSquares += weight * weight
            errorSquares += error * error
        }

        func add(to quality: inout DeltaQuality) {
            quality.deltaSquares += deltaSquares.sum()
            quality.reconstructedSquares += reconstructedSquares.sum()
            quality.product += product.sum()
            quality.weightSquares += weightSquares.sum()
            quality.errorSquares += errorSquares.sum()
        }
    }
}
