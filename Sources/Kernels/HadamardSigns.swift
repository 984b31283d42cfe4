internal import CKernels

/// The signs of Walsh-Hadamard codewords, 32 to a word, a set bit for -1.
public enum HadamardSigns {
    /// For row k and position i below 32: bit i is the parity of k & i.
    private static let rows: [UInt32] = (0..<32).map { row in
        (0..<32).reduce(UInt32(0)) { $0 | UInt32((row & $1).nonzeroBitCount & 1) << UInt32($1) }
    }

    /// Writes the signs of a codeword of 2^exponent elements, XORed with what is there.
    ///
    /// - Parameters:
    ///   - bits: words of 32 signs; the codeword begins at bit `start`, a multiple of the smaller of 32 and its length.
    ///   - mask: the mask's words, empty for mask 0.
    public static func toggle(
        _ bits: UnsafeMutableBufferPointer<UInt32>, at start: Int, exponent: Int, row: Int, isNegated: Bool,
        mask: [UInt32]
    ) {
        let inner = rows[row & 31]
        let flip: UInt32 = isNegated ? ~0 : 0
        if exponent < 5 {
            let length = 1 << exponent
            let word = (inner ^ flip ^ (mask.first ?? 0)) & ((1 << UInt32(length)) &- 1)
            bits[start >> 5] ^= word << UInt32(start & 31)
            return
        }
        let first = start >> 5
        let upper = row >> 5
        for word in 0..<1 << (exponent - 5) {
            let outer: UInt32 = (upper & word).nonzeroBitCount & 1 == 0 ? 0 : ~0
            bits[first + word] ^= inner ^ outer ^ flip ^ (mask.isEmpty ? 0 : mask[word])
        }
    }

    /// Adds `amplitude` to each of `values`, or subtracts it where the sign's bit is set.
    ///
    /// - Parameters:
    ///   - start: the bit of the first value.
    public static func add(
        _ amplitude: Float, signs: UnsafeBufferPointer<UInt32>, from start: Int,
        to values: UnsafeMutableBufferPointer<Float>
    ) {
        // Words from the first value on.
        if VectorInstructions.areUsed, start % 32 == 0 {
            precondition(start + values.count <= 32 * signs.count)
            deltaic_add_signs(signs.baseAddress.map { $0 + start / 32 }, amplitude, values.baseAddress, values.count)
        } else {
            portableAdd(amplitude, signs: signs, from: start, to: values)
        }
    }

    static func portableAdd(
        _ amplitude: Float, signs: UnsafeBufferPointer<UInt32>, from start: Int,
        to values: UnsafeMutableBufferPointer<Float>
    ) {
        let word = amplitude.bitPattern
        var index = 0
        let lanes = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        guard let base = values.baseAddress else { return }
        let raw = UnsafeMutableRawPointer(base)
        while index + 16 <= values.count {
            let bit = start + index
            let low = UInt64(signs[bit >> 5])
            let high = (bit >> 5) + 1 < signs.count ? UInt64(signs[(bit >> 5) + 1]) : 0
            let window = UInt32(truncatingIfNeeded: (high << 32 | low) >> UInt64(bit & 31))
            let sign = ((SIMD16(repeating: window) &>> lanes) & 1) &<< 31
            let step = unsafeBitCast(sign ^ SIMD16(repeating: word), to: SIMD16<Float>.self)
            let old = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
            raw.storeBytes(of: old + step, toByteOffset: 4 * index, as: SIMD16<Float>.self)
            index += 16
        }
        while index < values.count {
            let bit = start + index
            let sign = ((signs[bit >> 5] >> UInt32(bit & 31)) & 1) << 31
            values[index] += Float(bitPattern: word ^ sign)
            index += 1
        }
    }

    /// Negates each of `values` whose sign's bit is set; the first has bit `start`.
    public static func apply(
        _ signs: UnsafeBufferPointer<UInt32>, from start: Int, to values: UnsafeMutableBufferPointer<Float>
    ) {
        if VectorInstructions.areUsed, start % 32 == 0 {
            precondition(start + values.count <= 32 * signs.count)
            deltaic_apply_signs(signs.baseAddress.map { $0 + start / 32 }, values.baseAddress, values.count)
        } else {
            portableApply(signs, from: start, to: values)
        }
    }

    static func portableApply(
        _ signs: UnsafeBufferPointer<UInt32>, from start: Int, to values: UnsafeMutableBufferPointer<Float>
    ) {
        for index in 0..<values.count {
            let bit = start + index
            let sign = ((signs[bit >> 5] >> UInt32(bit & 31)) & 1) << 31
            values[index] = Float(bitPattern: values[index].bitPattern ^ sign)
        }
    }
}
