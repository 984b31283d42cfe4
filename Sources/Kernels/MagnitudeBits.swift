extension TensorWord {
    /// The word as the bits of a binary32 number, cut off and not rounded: its magnitude in the upper bits, without a branch.
    ///
    /// Compilers make vectors of it for words of up to 32 bits, which they cannot of counting leading zeros.
    @inline(__always)
    var magnitudeBits: UInt32 {
        if Self.bitWidth > 32 {
            if self == 0 { return 0 }
            let exponent = UInt32(truncatingIfNeeded: Self.bitWidth &- 1 &- leadingZeroBitCount)
            let mantissa = ((UInt64(truncatingIfNeeded: self) &<< UInt64(63 &- exponent)) &<< 1) &>> 41
            return ((127 &+ exponent) &<< 23) | UInt32(truncatingIfNeeded: mantissa)
        }
        let value = UInt32(truncatingIfNeeded: self)
        // Up to 24 bits are converted exactly.
        let isLarge = value &>> 24 != 0
        let exact = Int32(bitPattern: isLarge ? value &>> 8 : value)
        return Float(exact).bitPattern &+ (isLarge ? 8 &<< 23 : 0)
    }

    /// The number of bits without the leading zeros.
    @inline(__always)
    var bitLength: Int32 {
        // A zero has no exponent, one is 2^0.
        Int32(bitPattern: Swift.max(magnitudeBits &>> 23, 126)) &- 126
    }
}
