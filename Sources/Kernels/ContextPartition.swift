/// Arranges words by what the decoder knows about them beforehand: the class of their segment and the exponent of their
/// base word.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 2, "Groups".
public struct ContextPartition: Sendable {
    /// The number of contexts of one class.
    public static let contextCount = 256
    /// The elements are counted and moved in so many runs side by side, each with counters of its own.
    ///
    /// With one counter per key, neighbours of the same key would wait for each other's increment to reach the cache.
    private static let laneCount = 4

    /// The key of each element, in the order of the elements.
    private let keys: [UInt16]
    /// The number of elements of each key in each lane, lane by lane.
    private let laneCounts: [UInt32]
    /// The number of elements of each key, zeros included, in the order of the keys.
    public let counts: [Int]

    /// - Parameters:
    ///   - base: `count` little-endian base words or more.
    ///   - segments: the class of each segment of elements.
    public init(base: [UInt8], count: Int, layout: WordLayout, segments: SegmentClasses) {
        precondition(base.count >= count * layout.width)
        var keys =
            switch layout.width {
            case 1: Self.contexts(base, count, layout, as: UInt8.self)
            case 2: Self.contexts(base, count, layout, as: UInt16.self)
            case 4: Self.contexts(base, count, layout, as: UInt32.self)
            default: Self.contexts(base, count, layout, as: UInt64.self)
            }
        segments.forEachSegment(of: count) { range, kind in
            guard kind > 0 else { return }
            let offset = UInt16(kind) << 8
            for index in range { keys[index] |= offset }
        }
        let keyCount = Self.contextCount * segments.classCount
        var laneCounts = [UInt32](repeating: 0, count: keyCount * Self.laneCount)
        let lane = count / Self.laneCount
        keys.withUnsafeBufferPointer { keys in
            laneCounts.withUnsafeMutableBufferPointer { counts in
                for index in 0..<lane {
                    counts[Int(keys[index])] &+= 1
                    counts[keyCount &+ Int(keys[lane &+ index])] &+= 1
                    counts[2 &* keyCount &+ Int(keys[2 &* lane &+ index])] &+= 1
                    counts[3 &* keyCount &+ Int(keys[3 &* lane &+ index])] &+= 1
                }
                for index in Self.laneCount * lane..<count { counts[3 &* keyCount &+ Int(keys[index])] &+= 1 }
            }
        }
        self.keys = keys
        self.laneCounts = laneCounts
        counts = (0..<keyCount).map { key in
            (0..<Self.laneCount).reduce(0) { $0 + Int(laneCounts[$1 * keyCount + key]) }
        }
    }

    /// The numbers of elements of the keys that occur, in order.
    public var groups: [Int] { counts.filter { $0 > 0 } }

    /// The words in arranged order.
    public func arrange(_ words: [UInt8], width: Int) -> [UInt8] {
        move(words, width: width, arranged: true)
    }

    /// The words in the order of the elements: the inverse of ``arrange(_:width:)``.
    public func restore(_ words: [UInt8], width: Int) -> [UInt8] {
        move(words, width: width, arranged: false)
    }

    private func move(_ words: [UInt8], width: Int, arranged: Bool) -> [UInt8] {
        precondition(words.count >= keys.count * width)
        return switch width {
        case 1: move(words, arranged, as: UInt8.self)
        case 2: move(words, arranged, as: UInt16.self)
        case 4: move(words, arranged, as: UInt32.self)
        default: move(words, arranged, as: UInt64.self)
        }
    }

    /// Where the next element of each key goes, lane by lane.
    private func starts() -> [UInt32] {
        var starts = [UInt32](repeating: 0, count: laneCounts.count)
        var start: UInt32 = 0
        for key in counts.indices {
            for lane in 0..<Self.laneCount {
                starts[lane * counts.count + key] = start
                start += laneCounts[lane * counts.count + key]
            }
        }
        return starts
    }

    private func move<Word: TensorWord>(_ words: [UInt8], _ arranged: Bool, as type: Word.Type) -> [UInt8] {
        var next = starts()
        let keyCount = counts.count
        let count = keys.count
        let lane = count / Self.laneCount
        return words.withUnsafeBytes { words in
            keys.withUnsafeBufferPointer { keys in
                next.withUnsafeMutableBufferPointer { next in
                    guard let words = words.baseAddress, let keys = keys.baseAddress, let next = next.baseAddress
                    else { return [] }
                    return filledBytes(count * MemoryLayout<Word>.size) { target in
                        @inline(__always)
                        func step(_ index: Int, _ next: UnsafeMutablePointer<UInt32>) {
                            let key = Int(keys[index])
                            let place = next[key]
                            next[key] = place &+ 1
                            if arranged {
                                target.store(words.word(index, as: Word.self), at: Int(place))
                            } else {
                                target.store(words.word(Int(place), as: Word.self), at: index)
                            }
                        }
                        let (next1, next2, next3) = (next + keyCount, next + 2 * keyCount, next + 3 * keyCount)
                        for index in 0..<lane {
                            step(index, next)
                            step(lane &+ index, next1)
                            step(2 &* lane &+ index, next2)
                            step(3 &* lane &+ index, next3)
                        }
                        for index in Self.laneCount * lane..<count { step(index, next3) }
                    }
                }
            }
        }
    }

    private static func contexts<Word: TensorWord>(
        _ base: [UInt8], _ count: Int, _ layout: WordLayout, as type: Word.Type
    ) -> [UInt16] {
        guard let mantissaBits = layout.mantissaBits else { return [UInt16](repeating: 0, count: count) }
        let mask = (Word(1) &<< Word(Word.bitWidth - 1)) &- 1
        return base.withUnsafeBytes { base in
            [UInt16](unsafeUninitializedCapacity: count) { target, initialized in
                guard let base = base.baseAddress else { return }
                for index in 0..<count {
                    let exponent = (base.word(index, as: Word.self) & mask) &>> Word(mantissaBits)
                    target[index] = UInt16(truncatingIfNeeded: exponent) & 0xff
                }
                initialized = count
            }
        }
    }
}
