internal import CKernels

/// The signs of Walsh-Hadamard codewords, 32 to a word, a set bit for -1.
public enum HadamardSigns {
    /// Writes the signs of codewords of 2^exponent elements, one after the other, XORed with what is there.
    ///
    /// A code has, from its lowest bit: whether the word is negated, its row of `exponent` bits, and the number of its mask.
    ///
    /// - Parameters:
    ///   - signs: words of 32 signs, at least as many as the codewords have.
    ///   - codes: where the `count` codes are taken from, of `exponent` + 1 + `maskBits` bits each, at most 32.
    ///   - masks: the words of masks 1 and up, 2^exponent / 32 of each and at least one; mask 0 changes nothing.
    public static func toggle(
        _ signs: UnsafeMutableBufferPointer<UInt32>, codes: inout BitUnpacker, count: Int, exponent: Int, maskBits: Int,
        masks: [UInt32]
    ) {
        let length = 1 << exponent
        let words = max(1, length / 32)
        precondition(count * length <= 32 * signs.count && masks.count == words * (1 << maskBits - 1))
        guard let signs = signs.baseAddress else { return }
        // Mask 0 like the others, so that no block asks which it is.
        let everyMask = [UInt32](repeating: 0, count: words) + masks
        everyMask.withUnsafeBufferPointer { masks in
            guard let masks = masks.baseAddress else { return }
            for block in 0..<count {
                let code = Int(truncatingIfNeeded: codes.take(exponent + 1 + maskBits))
                let row = (code >> 1) & (length - 1)
                let inner = rowSigns(row) ^ (0 &- UInt32(code & 1))
                let mask = masks + (code >> (exponent + 1)) * words
                let start = block * length
                if exponent < 5 {
                    let word = (inner ^ mask[0]) & ((1 << UInt32(length)) &- 1)
                    signs[start >> 5] ^= word << UInt32(start & 31)
                    continue
                }
                let upper = row >> 5
                let place = signs + (start >> 5)
                for word in 0..<words {
                    let outer = 0 &- UInt32(truncatingIfNeeded: (upper & word).nonzeroBitCount & 1)
                    place[word] ^= inner ^ outer ^ mask[word]
                }
            }
        }
    }

    /// For row k and position i below 32: bit i is the parity of k & i.
    @inline(__always)
    private static func rowSigns(_ row: Int) -> UInt32 {
        let row = UInt32(truncatingIfNeeded: row)
        let narrow = (0 &- (row & 1)) & 0xaaaa_aaaa ^ (0 &- (row >> 1 & 1)) & 0xcccc_cccc
        let wide = (0 &- (row >> 2 & 1)) & 0xf0f0_f0f0 ^ (0 &- (row >> 3 & 1)) & 0xff00_ff00
        return narrow ^ wide ^ (0 &- (row >> 4 & 1)) & 0xffff_0000
    }

    /// Adds `factor` times each of `steps` to the value at its place.
    public static func add(
        _ factor: Float, times steps: UnsafeBufferPointer<Float>, to values: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(steps.count == values.count)
        if VectorInstructions.areUsed {
            deltaic_add_scaled(steps.baseAddress, factor, values.baseAddress, values.count)
        } else {
            portableAdd(factor, times: steps, to: values)
        }
    }

    static func portableAdd(
        _ factor: Float, times steps: UnsafeBufferPointer<Float>, to values: UnsafeMutableBufferPointer<Float>
    ) {
        for index in 0..<values.count { values[index] += factor * steps[index] }
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
