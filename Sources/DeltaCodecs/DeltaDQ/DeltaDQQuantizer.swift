internal import Kernels

/// Uniform quantization whose zero is a code: c = clip(round(x / step) + zero), x = step * (c - zero).
///
/// All in binary32, each operation rounded, round with ties to even.
struct DeltaDQQuantizer: Sendable, Equatable {
    let step: Float
    /// A whole number, not necessarily a code.
    let zero: Float
    /// 1 to 8.
    let bits: Int

    init(step: Float, zero: Float, bits: Int) {
        self.step = step
        self.zero = zero
        self.bits = bits
    }

    /// The quantizer of values from `minimum` to `maximum`; if they are equal it has them as its first value.
    init(minimum: Float, maximum: Float, bits: Int) {
        let step = (maximum - minimum) / Float(1 << bits - 1)
        let zero = (-minimum / step).rounded(.toNearestOrEven)
        if step > 0, step.isFinite, zero.isFinite {
            self.init(step: step, zero: zero, bits: bits)
        } else {
            self.init(step: minimum, zero: -1, bits: bits)
        }
    }

    /// - Parameter values: finite; not all zero.
    func codes(of values: [Float]) -> [UInt8] {
        let last = Float(1 << bits - 1)
        return [UInt8](unsafeUninitializedCapacity: values.count) { codes, filled in
            for (index, value) in values.enumerated() {
                let place = Self.whole(value / step) + zero
                // A number that no code can stand for (0 / 0) becomes the first.
                let clamped = place > 0 ? (place < last ? place : last) : 0
                codes[index] = UInt8(clamped)
            }
            filled = values.count
        }
    }

    /// The nearest whole number, ties to even.
    @inline(__always)
    private static func whole(_ value: Float) -> Float {
        // Near 1.5 * 2^23 numbers of binary32 are whole: the addition rounds.
        value.magnitude < 0x1p22 ? (value + 0x1.8p23) - 0x1.8p23 : value.rounded(.toNearestOrEven)
    }

    /// The values of the codes from 0 on.
    var levels: [Float] { (0..<1 << bits).map { step * (Float($0) - zero) } }
}
