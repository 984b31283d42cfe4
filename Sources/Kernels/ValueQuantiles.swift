/// Finds between which values all but a share of a long run lie, in one reading.
///
/// Counts by the upper 16 bits of the order-preserving words: values are known to 1 part in 128.
public struct ValueQuantiles: Sendable {
    private var counts = [Int](repeating: 0, count: 1 << 16)
    private var count = 0

    public init() {}

    public mutating func add(_ values: [Float]) {
        count += values.count
        counts.withUnsafeMutableBufferPointer { counts in
            for value in values { counts[Int(Self.ordered(value.bitPattern) >> 16)] += 1 }
        }
    }

    /// The values that at most `share` of the run lies below, and above.
    public func range(cutting share: Double) -> (lowest: Float, highest: Float) {
        let cut = Int((Double(count) * share).rounded(.down))
        let low = Self.bucket(counts, after: cut)
        let high = (1 << 16) - 1 - Self.bucket(counts.reversed(), after: cut)
        return (Self.value(UInt32(low) << 16), Self.value(UInt32(high) << 16 | 0xffff))
    }

    /// The first bucket with which more than `cut` are counted.
    private static func bucket(_ counts: [Int], after cut: Int) -> Int {
        var below = 0
        for (bucket, count) in counts.enumerated() {
            below += count
            if below > cut { return bucket }
        }
        return counts.count - 1
    }

    private static func ordered(_ word: UInt32) -> UInt32 { word >> 31 == 0 ? word | 1 << 31 : ~word }

    private static func value(_ ordered: UInt32) -> Float {
        Float(bitPattern: ordered >> 31 == 0 ? ~ordered : ordered & 0x7fff_ffff)
    }
}
