import DeltaCodecs
import DeltaicCore

/// A BF16 matrix made from a seed: a base of N(0, 0.02) and a fine-tune whose weights moved by N(0, 5e-4), or as asked.
struct SyntheticDelta {
    let rows: Int
    let columns: Int
    let base: [UInt8]
    let fineTuned: [UInt8]
    private let seed: UInt64

    var weights: Int { rows * columns }

    init(rows: Int, columns: Int, seed: UInt64, deviation: Double = 5e-4) {
        self.rows = rows
        self.columns = columns
        self.seed = seed
        // Normal values are drawn from tables: a matrix in a fraction of a second.
        var state = seed
        let weights = (0..<65_536).map { _ in Float(normal(&state) * 0.02) }
        let moves = (0..<65_536).map { _ in Float(normal(&state) * deviation) }
        var one = [UInt8](repeating: 0, count: 2 * rows * columns)
        var other = one
        one.withUnsafeMutableBytes { one in
            other.withUnsafeMutableBytes { other in
                for index in 0..<rows * columns {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    // The lower bits of such a state are poor: mixed into the upper ones before two numbers are taken.
                    let mixed = (state ^ (state >> 32)) &* 0x9e37_79b9_7f4a_7c15
                    let weight = weights[Int(mixed >> 48)]
                    one.storeBytes(of: bfloat16(weight).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
                    other.storeBytes(
                        of: bfloat16(weight + moves[Int((mixed >> 32) & 0xffff)]).littleEndian,
                        toByteOffset: 2 * index, as: UInt16.self)
                }
            }
        }
        base = one
        fineTuned = other
    }

    /// The delta as codecs see it; making it takes the statistics, which belongs to planning.
    func tensor() throws(DeltaicError) -> DeltaTensor {
        try DeltaTensor(
            name: "weight \(seed)", type: .bfloat16, columns: columns, base: base, fineTuned: fineTuned,
            key: seed &* 0x9e37_79b9_7f4a_7c15)
    }
}
