internal import CKernels

/// Walsh-Hadamard transforms of runs of values, one after the other: they spread every value over its whole run.
///
/// Not normalised: a run of 2^exponent values grows by 2^(exponent / 2), and the values after the last whole run, which are not
/// transformed, are multiplied with that too. The transform is its own inverse but for the factor 2^exponent.
public enum HadamardRotation {
    /// - Parameter exponent: even, so that the factor of the rest is a power of two.
    public static func apply(_ values: UnsafeMutableBufferPointer<Float>, exponent: Int) {
        let length = 1 << exponent
        let whole = values.count / length * length
        if let base = values.baseAddress {
            for start in stride(from: 0, to: whole, by: length) {
                if VectorInstructions.areUsed, exponent >= 3 {
                    deltaic_hadamard_transform(base + start, UInt32(exponent))
                } else {
                    portableTransform(base + start, length)
                }
            }
        }
        let factor = Float(1 << (exponent / 2))
        for index in whole..<values.count { values[index] *= factor }
    }

    static func portableTransform(_ values: UnsafeMutablePointer<Float>, _ length: Int) {
        var half = 1
        // Short steps pair by pair, longer ones sixteen at a time.
        while half < min(16, length) {
            for start in stride(from: 0, to: length, by: 2 * half) {
                for index in start..<start + half {
                    let (a, b) = (values[index], values[index + half])
                    values[index] = a + b
                    values[index + half] = a - b
                }
            }
            half *= 2
        }
        let raw = UnsafeMutableRawPointer(values)
        while half < length {
            for start in stride(from: 0, to: length, by: 2 * half) {
                for index in stride(from: start, to: start + half, by: 16) {
                    let a = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
                    let b = raw.loadUnaligned(fromByteOffset: 4 * (index + half), as: SIMD16<Float>.self)
                    raw.storeBytes(of: a + b, toByteOffset: 4 * index, as: SIMD16<Float>.self)
                    raw.storeBytes(of: a - b, toByteOffset: 4 * (index + half), as: SIMD16<Float>.self)
                }
            }
            half *= 2
        }
    }
}
