import Foundation

/// A value of N(0, 1), from a seed that it moves on.
func normal(_ seed: inout UInt64) -> Double {
    func uniform() -> Double {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Double(seed >> 11) + 0.5) / 9_007_199_254_740_992
    }
    let radius = (-2 * log(uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
}

/// Rounds to the nearest, ties to even.
func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
}
