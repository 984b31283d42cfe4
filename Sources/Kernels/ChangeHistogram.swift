/// How many words changed by how much, with the sign, in steps of half an octave.
///
/// A change falls into the bin of the top ten bits of it as a `Float`: sign, exponent and first mantissa bit. So a bin reaches from 2^k to
/// 1.5 * 2^k, or from there to 2^(k+1), whatever the scale of the changes: no pass over them has to come first.
public struct ChangeHistogram: Sendable, Equatable {
    /// The bits of a `Float` below those that choose a bin.
    static let shift = 22

    private var counts = [Int](repeating: 0, count: 1 << (32 - shift))

    public init() {}

    /// A run of changes of one sign and about one size: `lower <= change < upper`, or for negative ones `lower < change <= upper`.
    public struct Bin: Sendable, Equatable {
        public let lower: Double
        public let upper: Double
        public let count: Int
    }

    /// The bins with something in them, from the most negative change to the most positive one.
    public var bins: [Bin] {
        let half = counts.count / 2
        // Past the last finite bin of a sign are infinities and NaN.
        let finite = half - 2
        let negative = (0..<finite).reversed().compactMap { bin($0, sign: -1) }
        return negative + (0..<finite).compactMap { bin($0, sign: 1) }
    }

    /// Changes from or to what is no finite number.
    public var notFinite: Int {
        let half = counts.count / 2
        return [half - 2, half - 1, counts.count - 2, counts.count - 1].reduce(0) { $0 + counts[$1] }
    }

    private func bin(_ magnitude: Int, sign: Double) -> Bin? {
        let count = counts[sign < 0 ? magnitude + counts.count / 2 : magnitude]
        guard count > 0 else { return nil }
        let edges = [magnitude, magnitude + 1].map { Self.edge($0) }
        return sign < 0
            ? Bin(lower: -edges[1], upper: -edges[0], count: count)
            : Bin(lower: edges[0], upper: edges[1], count: count)
    }

    /// Where a bin begins.
    private static func edge(_ magnitude: Int) -> Double {
        // The last bin ends where floats do.
        Double(min(Float(bitPattern: UInt32(magnitude) << UInt32(shift)), .greatestFiniteMagnitude))
    }

    public mutating func add(_ other: ChangeHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// Runs `body` with what counts one change.
    static func counting(_ body: ((Double) -> Void) -> Void) -> ChangeHistogram {
        var histogram = ChangeHistogram()
        histogram.counts.withUnsafeMutableBufferPointer { counts in
            // Adding zero makes zero of a negative zero.
            body { counts[Int((Float($0) + 0).bitPattern &>> UInt32(shift))] += 1 }
        }
        return histogram
    }
}
