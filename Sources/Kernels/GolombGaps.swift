/// Positions of few among many, as Golomb codes of the gaps between them: within 1 % of their entropy when they are random.
///
/// Gap i is the number of positions that are skipped before the i-th of them. For a parameter M it is q M + r: q bits of 1 and a 0, then r
/// in truncated binary: with b the least number with 2^b >= M and c = 2^b - M, r itself in b - 1 bits if r < c; else (r + c) / 2 in
/// b - 1 bits and its last bit after them. Nothing marks the end: readers know how many there are.
///
/// Source: S. W. Golomb, "Run-length encodings" (IEEE Transactions on Information Theory, 1966).
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 6, "Positions".
public enum GolombGaps {
    /// The number of bits b and the number of short remainders c of a parameter.
    private struct Remainder {
        let bits: Int
        let short: Int

        init(_ parameter: Int) {
            bits = Int.bitWidth - (parameter - 1).leadingZeroBitCount
            short = 1 << bits - parameter
        }
    }

    /// The largest parameter.
    public static let parameterLimit = 1 << 30

    /// The best parameter for positions that are drawn with a probability d: the least M with (1-d)^M + (1-d)^(M+1) <= 1.
    ///
    /// Source: Gallager, van Voorhis, "Optimal source codes for geometrically distributed integer alphabets" (1975).
    public static func parameter(density: Double) -> Int {
        let skip = 1 - density
        func isEnough(_ parameter: Int) -> Bool { power(skip, parameter) * (1 + skip) <= 1 }
        var high = 1
        while high < parameterLimit, !isEnough(high) { high *= 2 }
        var low = high / 2 + 1
        while low < high {
            let middle = (low + high) / 2
            if isEnough(middle) { high = middle } else { low = middle + 1 }
        }
        return high
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 != 0 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }

    /// The bits that a position takes on the average if they are drawn with a probability.
    public static func expectedBits(density: Double, parameter: Int) -> Double {
        guard density > 0 else { return 0 }
        let skip = 1 - density
        let remainder = Remainder(parameter)
        let whole = power(skip, parameter)
        let long = (power(skip, remainder.short) - whole) / (1 - whole)
        return 1 / (1 - whole) + (parameter == 1 ? 0 : Double(remainder.bits - 1) + long)
    }

    /// The bits that positions take.
    public static func bitCount(_ positions: [UInt32], parameter: Int) -> Int {
        let remainder = Remainder(parameter)
        let divisor = UInt32(clamping: parameter)
        var next: UInt32 = 0
        var bits = 0
        for position in positions {
            let (quotient, rest) = (position &- next).quotientAndRemainder(dividingBy: divisor)
            bits += Int(quotient) + 1
            if parameter > 1 { bits += remainder.bits - (Int(rest) < remainder.short ? 1 : 0) }
            next = position &+ 1
        }
        return bits
    }

    /// The codes of ascending positions, the lowest bit of a byte first, the last byte filled with zeros.
    ///
    /// - Parameter parameter: 1 to 2^30.
    public static func encode(_ positions: [UInt32], parameter: Int) -> [UInt8] {
        let remainder = Remainder(parameter)
        let divisor = UInt32(clamping: parameter)
        var packer = BitPacker(capacity: bitCount(positions, parameter: parameter) / 8 + 1)
        var next: UInt32 = 0
        for position in positions {
            var (quotient, rest) = (position &- next).quotientAndRemainder(dividingBy: divisor)
            next = position &+ 1
            while quotient >= 31 {
                packer.append(0x7fff_ffff, bits: 31)
                quotient -= 31
            }
            packer.append(1 << UInt64(quotient) - 1, bits: Int(quotient) + 1)
            guard parameter > 1 else { continue }
            if Int(rest) < remainder.short {
                packer.append(UInt64(rest), bits: remainder.bits - 1)
            } else {
                let long = UInt64(rest) + UInt64(remainder.short)
                packer.append(long >> 1, bits: remainder.bits - 1)
                packer.append(long, bits: 1)
            }
        }
        return packer.finish()
    }

    /// The positions of `count` codes.
    ///
    /// - Parameters:
    ///   - parameter: 1 to 2^30.
    ///   - end: what all positions are below; at most 2^32, and at least `count`.
    /// - Returns: nil if a position is not below `end`, or the bytes are fewer or more than the codes take.
    public static func decode(_ bytes: [UInt8], count: Int, parameter: Int, end: Int) -> [UInt32]? {
        guard count >= 0, count <= end, end <= 1 << 32, (1...parameterLimit).contains(parameter) else { return nil }
        let remainder = Remainder(parameter)
        var reader = BitUnpacker(bytes)
        var next = 0
        var isGood = true
        let positions = [UInt32](unsafeUninitializedCapacity: count) { positions, filled in
            while filled < count {
                let ones = reader.takeOnes(limit: (end - next) / parameter)
                var gap = ones * parameter
                guard next + gap < end else {
                    isGood = false
                    return
                }
                if parameter > 1 {
                    let first = Int(reader.take(remainder.bits - 1))
                    gap += first
                    if first >= remainder.short { gap += first + Int(reader.take(1)) - remainder.short }
                }
                guard next + gap < end, !reader.isOverrun else {
                    isGood = false
                    return
                }
                positions[filled] = UInt32(truncatingIfNeeded: next + gap)
                filled += 1
                next += gap + 1
            }
        }
        return isGood && reader.untouchedBytes == 0 ? positions : nil
    }
}
