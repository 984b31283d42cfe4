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
        chunk.base.withUnsafeBytes { base in
            chunk.delta.withUnsafeBytes { delta in
                values.withUnsafeBytes { found in
                    let whole = chunk.delta.count & ~7
                    for index in stride(from: 0, to: whole, by: 8) {
                        sums.add(
                            base: base.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self),
                            delta: delta.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self),
                            found: found.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self))
                    }
                    // The others one by one, in the first lane.
                    for index in whole..<chunk.delta.count {
                        var lanes = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
                        lanes.0[0] = chunk.base[index]
                        lanes.1[0] = chunk.delta[index]
                        lanes.2[0] = values[index]
                        rest.add(base: lanes.0, delta: lanes.1, found: lanes.2)
                    }
                }
            }
        }
        var sum = DeltaQuality()
        sum.count = chunk.delta.count
        sums.add(to: &sum)
        rest.add(to: &sum)
        add(sum)
    }

    /// The sums of eight elements at a time; the order in which they are added is always the same.
    private struct Lanes {
        var changed = SIMD8<Int32>()
        var sameSign = SIMD8<Int32>()
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
            let product = d * change
            deltaSquares += d * d
            reconstructedSquares += change * change
            self.product += product
            weightSquares += weight * weight
            errorSquares += error * error
            for lane in 0..<8 {
                changed[lane] &+= d[lane] != 0 ? 1 : 0
                sameSign[lane] &+= product[lane] > 0 ? 1 : 0
            }
        }

        func add(to quality: inout DeltaQuality) {
            quality.changed += Int(changed.wrappedSum())
            quality.sameSign += Int(sameSign.wrappedSum())
            quality.deltaSquares += deltaSquares.sum()
            quality.reconstructedSquares += reconstructedSquares.sum()
            quality.product += product.sum()
            quality.weightSquares += weightSquares.sum()
            quality.errorSquares += errorSquares.sum()
        }
    }
}
