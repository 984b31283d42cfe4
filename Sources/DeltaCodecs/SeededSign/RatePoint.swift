internal import Foundation

/// A block length and a number of masks: how many bits a weight takes, and how much of a delta they keep.
struct RatePoint: Sendable, Hashable {
    let exponent: Int
    let maskBits: Int

    var bitsPerWeight: Double { Double(exponent + 1 + maskBits) / Double(1 << exponent) }

    /// |D_hat - D|^2 / |D|^2 of the unbiased reconstruction of a Gaussian delta: 1 / rho^2 - 1, rho the correlation.
    var noise: Double { 1 / squaredCorrelation - 1 }

    /// rho^2 = E[max]^2 / L, the maximum of 2^(exponent + maskBits) magnitudes of normal variables.
    ///
    /// Short blocks know each other's products, so theirs were simulated.
    var squaredCorrelation: Double {
        Self.simulated[self] ?? pow(Self.expectedMaximum(of: exponent + maskBits), 2) / Double(1 << exponent)
    }

    private static let simulated: [RatePoint: Double] = [
        RatePoint(exponent: 0, maskBits: 0): 2 / Double.pi, RatePoint(exponent: 2, maskBits: 0): 0.537,
        RatePoint(exponent: 3, maskBits: 0): 0.3995, RatePoint(exponent: 3, maskBits: 1): 0.4627,
        RatePoint(exponent: 4, maskBits: 0): 0.2695, RatePoint(exponent: 4, maskBits: 1): 0.3148,
        RatePoint(exponent: 4, maskBits: 2): 0.3667, RatePoint(exponent: 4, maskBits: 3): 0.4101,
        RatePoint(exponent: 4, maskBits: 4): 0.4606, RatePoint(exponent: 5, maskBits: 0): 0.1728,
        RatePoint(exponent: 5, maskBits: 1): 0.1996, RatePoint(exponent: 5, maskBits: 2): 0.2308,
        RatePoint(exponent: 5, maskBits: 3): 0.2538, RatePoint(exponent: 5, maskBits: 4): 0.2889,
    ]

    /// The expected maximum of 2^bits magnitudes of standard normal variables, bits from 4 to 17: by numerical integration.
    private static func expectedMaximum(of bits: Int) -> Double {
        let table = [
            2.0772, 2.3471, 2.5961, 2.8276, 3.0442, 3.2484, 3.4419, 3.6261, 3.8023, 3.9714, 4.1341, 4.2911, 4.4430,
            4.5903,
        ]
        return table[min(max(bits - 4, 0), table.count - 1)]
    }

    /// All that the encoder uses, by falling rate.
    static let menu: [RatePoint] = {
        var points = [RatePoint(exponent: 0, maskBits: 0), RatePoint(exponent: 2, maskBits: 0)]
        for exponent in 3...SeededCodebook.exponentLimit {
            for maskBits in 0...(exponent == 3 ? 1 : SeededCodebook.maskBitsLimit) {
                points.append(RatePoint(exponent: exponent, maskBits: maskBits))
            }
        }
        points.sort { $0.bitsPerWeight > $1.bitsPerWeight }
        // What takes more bits and keeps less than another is of no use.
        return points.filter { point in
            !points.contains {
                $0 != point && $0.bitsPerWeight <= point.bitsPerWeight
                    && $0.squaredCorrelation >= point.squaredCorrelation
            }
        }
    }()

    /// The noise at a mean rate, mixing neighbours of the menu; above one bit, rounds of one bit each refine what is left.
    static func noise(atBits bits: Double) -> Double {
        guard bits > 0 else { return .infinity }
        var left = 1.0
        var bits = bits
        while bits > 1 {
            left *= 1 - 2 / Double.pi
            bits -= 1
        }
        return 1 / (1 - left * (1 - squaredCorrelation(atBits: bits))) - 1
    }

    private static func squaredCorrelation(atBits bits: Double) -> Double {
        guard let lowest = menu.last else { return 0 }
        var above = menu[0]
        for point in menu {
            if point.bitsPerWeight <= bits {
                let width = above.bitsPerWeight - point.bitsPerWeight
                let share = width > 0 ? (bits - point.bitsPerWeight) / width : 0
                return point.squaredCorrelation + share * (above.squaredCorrelation - point.squaredCorrelation)
            }
            above = point
        }
        return lowest.squaredCorrelation * bits / lowest.bitsPerWeight
    }
}
