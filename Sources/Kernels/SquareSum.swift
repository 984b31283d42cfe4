internal import CKernels

/// The sum of squares, in binary64: squares of binary32 leave its range.
///
/// Value i is added in lane i mod 8, then the lanes: the order is always the same.
public enum SquareSum {
    public static func of(_ values: UnsafeBufferPointer<Float>) -> Double {
        sum(values, isVectorised: VectorInstructions.areUsed)
    }

    static func sum(_ values: UnsafeBufferPointer<Float>, isVectorised: Bool) -> Double {
        var sums = SIMD8<Double>()
        let whole = values.count & ~7
        if isVectorised {
            withUnsafeMutableBytes(of: &sums) { sums in
                deltaic_square_sums(values.baseAddress, whole, sums.assumingMemoryBound(to: Double.self).baseAddress)
            }
        } else {
            let bytes = UnsafeRawBufferPointer(values)
            for index in stride(from: 0, to: whole, by: 8) {
                let part = SIMD8<Double>(bytes.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<Float>.self))
                sums += part * part
            }
        }
        for index in whole..<values.count { sums[index - whole] += Double(values[index]) * Double(values[index]) }
        return sums.sum()
    }
}
