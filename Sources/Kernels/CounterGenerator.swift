/// Philox4x32-10: random words that are a function of a key and a counter alone, so that any part of a tensor's mask can be drawn
/// without the parts before it.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section "The generator", for the layout of key and counter.
public struct CounterGenerator: Sendable {
    private let key: (UInt32, UInt32)
    /// Separates the streams that one key gives.
    private let domain: UInt32

    private static let multipliers: (UInt32, UInt32) = (0xD251_1F53, 0xCD9E_8D57)
    private static let weyl: (UInt32, UInt32) = (0x9E37_79B9, 0xBB67_AE85)
    private static let rounds = 10

    public init(key: UInt64, domain: UInt32) {
        self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
        self.domain = domain
    }

    /// The four words of one counter.
    public func block(_ index: UInt64) -> SIMD4<UInt32> {
        Self.philox(
            SIMD4(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), domain, 0),
            key: key)
    }

    /// The cipher itself, for known answers.
    public static func philox(_ counter: SIMD4<UInt32>, key: (UInt32, UInt32)) -> SIMD4<UInt32> {
        var counter = counter
        var key = key
        for _ in 0..<rounds {
            let first = multipliers.0.multipliedFullWidth(by: counter.x)
            let second = multipliers.1.multipliedFullWidth(by: counter.z)
            counter = SIMD4(
                second.high ^ counter.y ^ key.0, second.low, first.high ^ counter.w ^ key.1, first.low)
            key = (key.0 &+ weyl.0, key.1 &+ weyl.1)
        }
        return counter
    }

    /// Fills `words` with the words of the blocks from `firstBlock` on, four to a block, in order.
    ///
    /// The same words as ``block(_:)``, sixteen blocks at a time.
    public func fill(_ words: UnsafeMutableBufferPointer<UInt32>, fromBlock firstBlock: UInt64) {
        guard let base = words.baseAddress else { return }
        var block = firstBlock
        var position = 0
        while position + 64 <= words.count {
            let lanes = sixteen(block)
            for lane in 0..<16 {
                base[position + 4 * lane] = lanes.0[lane]
                base[position + 4 * lane + 1] = lanes.1[lane]
                base[position + 4 * lane + 2] = lanes.2[lane]
                base[position + 4 * lane + 3] = lanes.3[lane]
            }
            position += 64
            block &+= 16
        }
        while position < words.count {
            let four = self.block(block)
            for lane in 0..<min(4, words.count - position) { base[position + lane] = four[lane] }
            position += 4
            block &+= 1
        }
    }

    /// A byte for each block from `firstBlock` on: bit j is 1 if the block's 16-bit lane j is below `threshold`.
    ///
    /// Lane 2k is the low half of word k, lane 2k + 1 its high half.
    public func keepMasks(_ masks: UnsafeMutableBufferPointer<UInt8>, fromBlock firstBlock: UInt64, threshold: UInt32) {
        var position = 0
        while position + 16 <= masks.count {
            let (x, y, z, w) = sixteen(firstBlock &+ UInt64(position))
            let bits =
                Self.kept(x, threshold) | Self.kept(y, threshold) &<< 2 | Self.kept(z, threshold) &<< 4
                | Self.kept(w, threshold) &<< 6
            for lane in 0..<16 { masks[position + lane] = UInt8(truncatingIfNeeded: bits[lane]) }
            position += 16
        }
        while position < masks.count {
            let words = block(firstBlock &+ UInt64(position))
            var bits: UInt32 = 0
            for lane in 0..<4 {
                bits |= words[lane] & 0xffff < threshold ? 1 << UInt32(2 * lane) : 0
                bits |= words[lane] >> 16 < threshold ? 2 << UInt32(2 * lane) : 0
            }
            masks[position] = UInt8(truncatingIfNeeded: bits)
            position += 1
        }
    }

    /// Bit 0 of each word: its low half is below the threshold; bit 1: its high half is.
    @inline(__always)
    private static func kept(_ words: Lanes, _ threshold: UInt32) -> Lanes {
        // Differences of 17-bit numbers: the sign is the comparison.
        let limit = Lanes(repeating: threshold)
        let low = ((words & 0xffff) &- limit) &>> 31
        let high = ((words &>> 16) &- limit) &>> 31
        return low | high &<< 1
    }

    private typealias Lanes = SIMD16<UInt32>

    @inline(__always)
    private func sixteen(_ first: UInt64) -> (Lanes, Lanes, Lanes, Lanes) {
        let steps = SIMD16<UInt64>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        let indices = SIMD16<UInt64>(repeating: first) &+ steps
        var x = Lanes(truncatingIfNeeded: indices)
        var y = Lanes(truncatingIfNeeded: indices &>> 32)
        var z = Lanes(repeating: domain)
        var w = Lanes(repeating: 0)
        var key = key
        for _ in 0..<Self.rounds {
            let first = SIMD16<UInt64>(truncatingIfNeeded: x) &* SIMD16(repeating: UInt64(Self.multipliers.0))
            let second = SIMD16<UInt64>(truncatingIfNeeded: z) &* SIMD16(repeating: UInt64(Self.multipliers.1))
            x = Lanes(truncatingIfNeeded: second &>> 32) ^ y ^ Lanes(repeating: key.0)
            y = Lanes(truncatingIfNeeded: second)
            z = Lanes(truncatingIfNeeded: first &>> 32) ^ w ^ Lanes(repeating: key.1)
            w = Lanes(truncatingIfNeeded: first)
            key = (key.0 &+ Self.weyl.0, key.1 &+ Self.weyl.1)
        }
        return (x, y, z, w)
    }
}
