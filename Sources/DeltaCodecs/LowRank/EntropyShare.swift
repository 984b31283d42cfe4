/// What entropy coding leaves of packed codes of normal values: for sizes that are told before anything is encoded.
///
/// The shares are the order-0 entropy of the packed bytes over 8, from a million random values.
enum EntropyShare {
    /// The bytes of a stream of `count` bytes: with a table of symbols, or as they are where nothing is won.
    static func bytes(_ count: Double, share: Double) -> Double { min(count, share * 1.004 * count + 100) }

    /// Of codes with the best even steps, and of FP16 words as two planes.
    static func vectorCodes(bits: Int) -> Double {
        switch bits {
        case 2: 0.952
        case 3: 0.976
        case 4: 0.902
        case 8: 0.885
        default: 0.845
        }
    }

    /// What groups of `size` values between their minimum and maximum take, and how much of their squares rounding loses.
    struct Affine {
        let codes: Double
        let zeros: Double
        let scaleBits: Double
        let loss: Double
    }

    /// - Parameter size: of a group.
    static func affine(bits: Int, size: Int) -> Affine {
        // Groups of 1, 2, 4, ..., 128.
        var index = 0
        while index < 7, 1 << (index + 1) <= size { index += 1 }
        let row = Self.rows[bits] ?? Self.half
        return Affine(
            codes: row.codes[index], zeros: row.zeros[index], scaleBits: scaleBits[index], loss: row.loss[index])
    }

    private typealias Row = (codes: [Double], zeros: [Double], loss: [Double])

    private static let scaleBits = [12.5, 11.9, 11.4, 10.8, 10.4, 10, 9.85, 9.75]
    private static let half: Row = (
        Array(repeating: 0.845, count: 8), Array(repeating: 0, count: 8), Array(repeating: 1e-7, count: 8)
    )
    private static let rows: [Int: Row] = [
        2: (
            [0.5, 0.717, 0.883, 0.99, 0.95, 0.897, 0.845, 0.8],
            [0.5, 0.976, 0.913, 0.646, 0.515, 0.5, 0.5, 0.498],
            [0, 0.0191, 0.0467, 0.0821, 0.1222, 0.1649, 0.209, 0.2521]
        ),
        3: (
            [0.575, 0.812, 0.953, 0.996, 0.996, 0.984, 0.969, 0.954],
            [0.575, 0.949, 0.994, 0.922, 0.824, 0.733, 0.668, 0.626],
            [0, 0.0035, 0.0085, 0.0149, 0.0221, 0.03, 0.0382, 0.0464]
        ),
        4: (
            [0.25, 0.54, 0.833, 0.96, 0.982, 0.966, 0.938, 0.908],
            [0.25, 0.831, 0.971, 0.844, 0.703, 0.601, 0.528, 0.466],
            [0, 0.00075, 0.0019, 0.0033, 0.0049, 0.0065, 0.0083, 0.0101]
        ),
        8: (
            [0.126, 0.449, 0.715, 0.879, 0.947, 0.967, 0.966, 0.957],
            [0.126, 0.684, 0.939, 0.929, 0.859, 0.806, 0.766, 0.729],
            [0, 2e-6, 6e-6, 1e-5, 2e-5, 2e-5, 3e-5, 3e-5]
        ),
    ]
}
