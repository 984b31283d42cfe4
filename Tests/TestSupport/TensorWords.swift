public import DeltaicCore

/// Words of tensors as numbers, for tests: made, packed and unpacked without any of the code under test.
public enum TensorWords {
    /// The little-endian bytes of words of `width` bytes.
    public static func bytes(_ words: [UInt64], width: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * width)
        for word in words {
            for position in 0..<width { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * position))) }
        }
        return bytes
    }

    /// The words of little-endian bytes.
    public static func words(_ bytes: [UInt8], width: Int) -> [UInt64] {
        (0..<bytes.count / width).map { index in
            (0..<width).reduce(0 as UInt64) { $0 | UInt64(bytes[index * width + $1]) << UInt64(8 * $1) }
        }
    }

    /// The nearest value of a dtype, ties to even; numbers too large become the largest finite value or beyond.
    public static func word(_ value: Double, _ type: ElementType) -> UInt64 {
        guard let mantissaBits = type.mantissaBits else {
            return UInt64(bitPattern: Int64(value.rounded())) & mask(type)
        }
        let exponentBits = 8 * type.width - 1 - mantissaBits
        let sign: UInt64 = value.sign == .minus ? 1 << UInt64(8 * type.width - 1) : 0
        guard value != 0 else { return sign }
        let bias = 1 << (exponentBits - 1) - 1
        let exponent = max(Int(value.exponent), 1 - bias)
        let unit = Double(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
        let mantissa = UInt64((value.magnitude / unit).rounded(.toNearestOrEven))
        let magnitude = mantissa + UInt64(exponent + bias - 1) << UInt64(mantissaBits)
        return sign | min(magnitude, mask(type) >> 1)
    }

    /// The value of a finite word of a signed floating-point dtype.
    public static func value(_ word: UInt64, _ type: ElementType) -> Double {
        guard let mantissaBits = type.mantissaBits else { return Double(word) }
        let exponentBits = 8 * type.width - 1 - mantissaBits
        let bias = 1 << (exponentBits - 1) - 1
        let field = word & (1 << UInt64(mantissaBits) - 1)
        let exponent = Int(word >> UInt64(mantissaBits)) & (1 << exponentBits - 1)
        let mantissa = exponent == 0 ? field : field | 1 << UInt64(mantissaBits)
        let unit = Double(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: 1)
        let isNegative = word >> UInt64(8 * type.width - 1) != 0
        return isNegative ? -Double(mantissa) * unit : Double(mantissa) * unit
    }

    /// Normally distributed values.
    public static func gaussian(
        _ count: Int, deviation: Double, _ type: ElementType, using generator: inout SeededGenerator
    ) -> [UInt64] {
        (0..<count).map { _ in word(generator.normal() * deviation, type) }
    }

    /// The words that break careless code: both zeros, subnormals, infinities, NaNs with payloads, largest and smallest
    /// values of each sign; the same bit patterns for integers.
    public static func exotic(_ type: ElementType) -> [UInt64] {
        let mantissaBits = UInt64(type.mantissaBits ?? 0)
        let infinity = (mask(type) >> 1) & ~(1 << mantissaBits - 1)
        let halves: [UInt64] = [
            0, 1, 2, 1 << mantissaBits - 1, 1 << mantissaBits, 1 << mantissaBits + 1, infinity - 1, infinity,
            infinity + 1, mask(type) >> 1, mask(type) >> 2,
        ]
        let sign: UInt64 = 1 << UInt64(8 * type.width - 1)
        return halves.flatMap { [$0 & (sign - 1), $0 & (sign - 1) | sign] }
    }

    /// Uniformly distributed bits.
    public static func random(_ count: Int, _ type: ElementType, using generator: inout SeededGenerator) -> [UInt64] {
        (0..<count).map { _ in generator.next() & mask(type) }
    }

    private static func mask(_ type: ElementType) -> UInt64 {
        type.width == 8 ? .max : 1 << UInt64(8 * type.width) - 1
    }
}
