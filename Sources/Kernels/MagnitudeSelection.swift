/// Finds which values of a long run have the largest magnitudes, in two readings of it, whatever its length.
///
/// Magnitudes are compared by their words: the sign is cleared, and the words of finite numbers then have the numbers' order. The first reading counts
/// by the upper 15 bits, the second by the lower 16 of those that share the upper bits of the limit.
public struct MagnitudeSelection: Sendable {
    /// A magnitude, and how many of those that have it are kept: the first ones.
    public struct Limit: Sendable, Equatable {
        public let magnitude: UInt32
        public let keptOfEqual: Int
    }

    private var counts: [Int]
    /// The upper bits that the limit has, once the first reading is done.
    private var upper: UInt32?
    /// Values of larger magnitude than any with these bits.
    private var above = 0

    public init() {
        counts = Array(repeating: 0, count: 1 << 16)
    }

    /// Counts values: all of the run in the first reading, all of it again in the second.
    public mutating func add(_ values: [Float]) {
        counts.withUnsafeMutableBufferPointer { counts in
            if let upper {
                for value in values {
                    let word = value.magnitude.bitPattern
                    if word >> 16 == upper { counts[Int(word & 0xffff)] += 1 }
                }
            } else {
                for value in values { counts[Int(value.magnitude.bitPattern >> 16)] += 1 }
            }
        }
    }

    /// Ends the first reading.
    ///
    /// - Parameter kept: how many values are to be kept: at least one, at most all.
    public mutating func beginSecondReading(kept: Int) {
        let (bucket, above) = Self.bucket(counts, kept: kept)
        upper = UInt32(bucket)
        self.above = above
        counts = Array(repeating: 0, count: 1 << 16)
    }

    /// The limit, after the second reading: as many as were to be kept have a larger magnitude, or are among the first that equal it.
    public func limit(kept: Int) -> Limit {
        let (bucket, larger) = Self.bucket(counts, kept: kept - above)
        return Limit(magnitude: (upper ?? 0) << 16 | UInt32(bucket), keptOfEqual: kept - above - larger)
    }

    /// The bucket that the last of `kept` falls in, from the top, and how many lie above it.
    private static func bucket(_ counts: [Int], kept: Int) -> (bucket: Int, above: Int) {
        var above = 0
        for bucket in counts.indices.reversed() {
            if above + counts[bucket] >= kept { return (bucket, above) }
            above += counts[bucket]
        }
        return (0, above)
    }
}

extension MagnitudeSelection.Limit {
    /// The positions of the values of a part of the run that are kept; `equal` counts those that equal the limit, part by part.
    public func positions(_ values: [Float], equal: inout Int) -> [UInt32] {
        var kept: [UInt32] = []
        for (index, value) in values.enumerated() {
            let word = value.magnitude.bitPattern
            if word > magnitude {
                kept.append(UInt32(truncatingIfNeeded: index))
            } else if word == magnitude {
                if equal < keptOfEqual { kept.append(UInt32(truncatingIfNeeded: index)) }
                equal += 1
            }
        }
        return kept
    }
}
