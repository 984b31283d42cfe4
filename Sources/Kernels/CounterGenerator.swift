internal import CKernels

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
    /// The same words as ``block(_:)``, eight blocks at a time.
    public func fill(_ words: UnsafeMutableBufferPointer<UInt32>, fromBlock firstBlock: UInt64) {
        guard VectorInstructions.areUsed else { return portableFill(words, fromBlock: firstBlock) }
        let blocks = words.count / 32 * 8
        deltaic_philox_words(key.0, key.1, domain, firstBlock, blocks, words.baseAddress)
        portableFill(
            UnsafeMutableBufferPointer(rebasing: words[(4 * blocks)...]), fromBlock: firstBlock &+ UInt64(blocks))
    }

    func portableFill(_ words: UnsafeMutableBufferPointer<UInt32>, fromBlock firstBlock: UInt64) {
        guard let base = words.baseAddress else { return }
        var block = firstBlock
        var position = 0
        while position + 32 <= words.count {
            let halves = eight(block)
            let target = UnsafeMutableRawPointer(base + position)
            for lane in 0..<8 {
                target.storeBytes(of: Self.inOrder(halves.first[lane]), toByteOffset: 16 &* lane, as: UInt64.self)
                target.storeBytes(of: Self.inOrder(halves.second[lane]), toByteOffset: 16 &* lane &+ 8, as: UInt64.self)
            }
            position += 32
            block &+= 8
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
    /// - Parameter threshold: 1 to 65,535.
    public func keepMasks(_ masks: UnsafeMutableBufferPointer<UInt8>, fromBlock firstBlock: UInt64, threshold: UInt16) {
        guard VectorInstructions.areUsed else {
            return portableKeepMasks(masks, fromBlock: firstBlock, threshold: threshold)
        }
        let blocks = masks.count & ~7
        deltaic_philox_below(key.0, key.1, domain, firstBlock, blocks, threshold, masks.baseAddress)
        portableKeepMasks(
            UnsafeMutableBufferPointer(rebasing: masks[blocks...]), fromBlock: firstBlock &+ UInt64(blocks),
            threshold: threshold)
    }

    func portableKeepMasks(
        _ masks: UnsafeMutableBufferPointer<UInt8>, fromBlock firstBlock: UInt64, threshold: UInt16
    ) {
        var position = 0
        while position + 8 <= masks.count {
            let halves = eight(firstBlock &+ UInt64(position))
            let first = Self.kept(halves.first, threshold)
            let second = Self.kept(halves.second, threshold)
            for lane in 0..<8 { masks[position + lane] = UInt8(truncatingIfNeeded: first[lane] | second[lane] &<< 4) }
            position += 8
        }
        while position < masks.count {
            let words = block(firstBlock &+ UInt64(position))
            var bits: UInt8 = 0
            for lane in 0..<4 {
                bits |= words[lane] & 0xffff < threshold ? 1 << UInt8(2 * lane) : 0
                bits |= words[lane] >> 16 < threshold ? 2 << UInt8(2 * lane) : 0
            }
            masks[position] = bits
            position += 1
        }
    }

    /// Two words, that of the low half to be stored first.
    @inline(__always)
    private static func inOrder(_ words: UInt64) -> UInt64 {
        #if _endian(little)
        words
        #else
        words &<< 32 | words &>> 32
        #endif
    }

    private typealias Lanes = SIMD8<UInt64>

    /// Bit j, of four, of each lane: its 16-bit part j is below the threshold.
    @inline(__always)
    private static func kept(_ lanes: Lanes, _ threshold: UInt16) -> Lanes {
        // Every other part has room above it, into which adding 2^16 - threshold carries unless the part is below.
        let parts = Lanes(repeating: 0x0000_ffff_0000_ffff)
        let ones = Lanes(repeating: 0x0000_0001_0000_0001)
        let complement = Lanes(repeating: (1 << 16 - UInt64(threshold)) &* 0x0000_0001_0000_0001)
        let even = (((lanes & parts) &+ complement) &>> 16) & ones
        let odd = ((((lanes &>> 16) & parts) &+ complement) &>> 16) & ones
        let reached = even | odd &<< 1
        return (reached | reached &>> 30) & 15 ^ 15
    }

    /// Eight blocks: in each lane words 0 and 1, and words 2 and 3, the lower one in the low half.
    @inline(__always)
    private func eight(_ first: UInt64) -> (first: Lanes, second: Lanes) {
        let indices = Lanes(repeating: first) &+ Lanes(0, 1, 2, 3, 4, 5, 6, 7)
        let low = Lanes(repeating: 0xffff_ffff)
        // Only the low halves count; what is in the high ones is left there.
        var x = indices
        var y = indices &>> 32
        var z = Lanes(repeating: UInt64(domain))
        var w = Lanes(repeating: 0)
        var key = key
        for _ in 0..<Self.rounds {
            let first = (x & low) &* Lanes(repeating: UInt64(Self.multipliers.0))
            let second = (z & low) &* Lanes(repeating: UInt64(Self.multipliers.1))
            x = (second &>> 32) ^ y ^ Lanes(repeating: UInt64(key.0))
            y = second
            z = (first &>> 32) ^ w ^ Lanes(repeating: UInt64(key.1))
            w = first
            key = (key.0 &+ Self.weyl.0, key.1 &+ Self.weyl.1)
        }
        return ((x & low) | y &<< 32, (z & low) | w &<< 32)
    }
}
