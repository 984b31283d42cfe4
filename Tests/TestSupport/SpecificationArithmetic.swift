public import DeltaicCore

/// `Schema/pack/codec-payloads.md`, section 2, word by word in 128-bit arithmetic: slow, and written without a look at the
/// kernels or codecs.
public struct SpecificationArithmetic: Sendable {
    public let type: ElementType
    public var slope: Int64 = 0
    public var staircase: [Int64] = []
    public var staircaseBits = 0
    public var shift = 0

    public init(
        type: ElementType, slope: Int64 = 0, staircase: [Int64] = [], staircaseBits: Int = 0, shift: Int = 0
    ) {
        self.type = type
        self.slope = slope
        self.staircase = staircase
        self.staircaseBits = staircaseBits
        self.shift = shift
    }

    private var bits: Int { 8 * type.width }
    private var modulus: Int128 { Int128(1) << Int128(bits) }
    private var isFloat: Bool { type.mantissaBits != nil }

    private func unsigned(_ value: Int128) -> Int128 {
        let rest = value % modulus
        return rest < 0 ? rest + modulus : rest
    }

    private func signed(_ value: Int128) -> Int128 {
        let rest = unsigned(value)
        return rest >= modulus / 2 ? rest - modulus : rest
    }

    private func floorDivide(_ value: Int128, _ divisor: Int128) -> Int128 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private func isNegative(_ word: UInt64) -> Bool { isFloat && Int128(word) >= modulus / 2 }

    private func order(_ word: UInt64) -> Int128 {
        guard isFloat else { return Int128(word) }
        return isNegative(word) ? modulus - 1 - Int128(word) : Int128(word) + modulus / 2
    }

    private func word(order: Int128) -> UInt64 {
        guard isFloat else { return UInt64(order) }
        return UInt64(order < modulus / 2 ? modulus - 1 - order : order - modulus / 2)
    }

    public func prediction(_ base: UInt64) -> Int128 {
        guard let fieldBits = type.mantissaBits else { return 0 }
        let implicit = Int128(1) << Int128(fieldBits)
        let field = Int128(base) % implicit
        let linear = floorDivide((implicit + field) * Int128(slope) + 2_147_483_648, 4_294_967_296)
        let step = staircaseBits == 0 ? 0 : staircase[Int(field >> Int128(fieldBits - staircaseBits))]
        return linear + Int128(step)
    }

    /// z of a word.
    public func residual(_ word: UInt64, base: UInt64) -> UInt64 {
        let difference = order(word) - order(base)
        let rest = signed((isNegative(base) ? -difference : difference) - prediction(base))
        let quotient = floorDivide(rest, Int128(1) << Int128(shift))
        return UInt64(quotient >= 0 ? 2 * quotient : -2 * quotient - 1)
    }

    /// The word of a z.
    public func word(_ residual: UInt64, base: UInt64) -> UInt64 {
        let half = Int128(residual / 2)
        let quotient = residual % 2 == 0 ? half : -half - 1
        let rest = quotient * (Int128(1) << Int128(shift)) + prediction(base)
        return word(order: unsigned(order(base) + (isNegative(base) ? -rest : rest)))
    }

    /// Symbol, number of extra bits and extra bits of a z.
    public func symbol(_ value: UInt64) -> (symbol: UInt8, count: Int, extra: UInt64) {
        let precision = [1: 7, 2: 4, 4: 3, 8: 2][type.width] ?? 0
        if Int128(value) < Int128(1) << Int128(precision + 1) { return (UInt8(value), 0, 0) }
        var magnitude = 0
        while value >> UInt64(magnitude) > 1 { magnitude += 1 }
        let count = magnitude - precision
        let leading = Int(value >> UInt64(count))
        let symbol = (1 << precision) * (count + 1) + leading - 1 << precision
        return (UInt8(symbol), count, value & (1 << UInt64(count) - 1))
    }

    /// Symbols and packed extra bits of all words.
    public func symbols(_ values: [UInt64]) -> (symbols: [UInt8], extraBits: [UInt8]) {
        var symbols: [UInt8] = []
        var bits: [Bool] = []
        for value in values {
            let split = symbol(value)
            symbols.append(split.symbol)
            for position in 0..<split.count { bits.append(split.extra >> UInt64(position) & 1 == 1) }
        }
        var packed = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
        for (position, bit) in bits.enumerated() where bit { packed[position / 8] |= 1 << UInt8(position % 8) }
        return (symbols, packed)
    }
}
