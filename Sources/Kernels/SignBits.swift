/// Signs of values, one bit each: the first in the lowest bit of the first byte, the last byte filled with zeros.
public enum SignBits {
    /// The bytes that `count` signs take.
    public static func byteCount(_ count: Int) -> Int { (count + 7) / 8 }

    /// For each byte of signs what turns eight times a scale into its signed values: the sign bit where the bit is 0.
    private static let flips: [SIMD8<UInt32>] = (0..<256).map { byte in
        var flips = SIMD8<UInt32>()
        for lane in 0..<8 where byte >> lane & 1 == 0 { flips[lane] = 1 << 31 }
        return flips
    }

    /// A bit for each value: 0 where it is negative, 1 where it is positive, and `zeroIsPlus` where it is zero.
    public static func pack(_ values: [Float], zeroIsPlus: Bool) -> [UInt8] {
        let byteCount = byteCount(values.count)
        return [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, filled in
            values.withUnsafeBufferPointer { values in
                for byte in 0..<values.count / 8 {
                    bytes[byte] = pack(UnsafeBufferPointer(rebasing: values[8 * byte..<8 * byte + 8]), zeroIsPlus)
                }
                if values.count % 8 != 0 {
                    bytes[byteCount - 1] = pack(
                        UnsafeBufferPointer(rebasing: values[(values.count & ~7)...]), zeroIsPlus)
                }
            }
            filled = byteCount
        }
    }

    @inline(__always)
    private static func pack(_ values: UnsafeBufferPointer<Float>, _ zeroIsPlus: Bool) -> UInt8 {
        var bits: UInt8 = 0
        for index in 0..<values.count {
            let isPlus = zeroIsPlus ? values[index] >= 0 : values[index] > 0
            bits |= (isPlus ? 1 : 0) &<< UInt8(truncatingIfNeeded: index)
        }
        return bits
    }

    /// Adds `scale` to the values of `range` whose bit is 1, and its negative to the others.
    ///
    /// - Parameter signs: the bits of all `values`, not of `range` alone.
    public static func add(
        _ signs: UnsafeBufferPointer<UInt8>, scale: Float, to values: UnsafeMutableBufferPointer<Float>,
        in range: Range<Int>
    ) {
        precondition(range.upperBound <= values.count && byteCount(values.count) <= signs.count)
        let plus = scale.bitPattern
        let minus = (-scale).bitPattern
        var index = range.lowerBound
        func addOne(_ index: Int) {
            let isPlus = signs[index / 8] >> UInt8(index & 7) & 1 != 0
            values[index] += Float(bitPattern: isPlus ? plus : minus)
        }
        while index < range.upperBound, index & 7 != 0 {
            addOne(index)
            index += 1
        }
        let raw = UnsafeMutableRawBufferPointer(values)
        let pluses = SIMD8<UInt32>(repeating: plus)
        flips.withUnsafeBufferPointer { flips in
            while index + 8 <= range.upperBound {
                let terms = SIMD8<Float>(bitPattern: pluses ^ flips[Int(signs[index / 8])])
                let old = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
                raw.storeBytes(of: old + terms, toByteOffset: 4 * index, as: SIMD8<Float>.self)
                index += 8
            }
        }
        while index < range.upperBound {
            addOne(index)
            index += 1
        }
    }

    /// Adds `scales[i]` to value `range.lowerBound + i` where its bit is 1, and its negative where it is 0.
    ///
    /// - Parameters:
    ///   - signs: the bits of all `values`, not of `range` alone.
    ///   - scales: as many as `range` has values.
    public static func add(
        _ signs: UnsafeBufferPointer<UInt8>, scales: UnsafeBufferPointer<Float>,
        to values: UnsafeMutableBufferPointer<Float>, in range: Range<Int>
    ) {
        precondition(range.upperBound <= values.count && byteCount(values.count) <= signs.count)
        precondition(scales.count == range.count)
        for index in range {
            let flip = (UInt32(signs[index / 8] >> UInt8(index & 7)) & 1 ^ 1) << 31
            values[index] += Float(bitPattern: scales[index - range.lowerBound].bitPattern ^ flip)
        }
    }
}

extension SIMD8<Float> {
    /// The values whose words are `words`.
    @inline(__always)
    init(bitPattern words: SIMD8<UInt32>) {
        self = unsafeBitCast(words, to: SIMD8<Float>.self)
    }
}
