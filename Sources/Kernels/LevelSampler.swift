/// Chooses exactly so many of the elements of each code, each set of them as likely as any other, while it goes over them once.
///
/// An element is kept with the probability (still to keep) / (still to come) of its code: if floor(word * to come / 2^32) is below the number to
/// keep, where `word` is word e of the generator for element e of the tensor.
///
/// Source: Fan, Muller, Rezucha, "Development of sampling plans by using sequential (item by item) selection techniques" (1962).
public struct LevelSampler: Sendable {
    /// For each of 256 codes, how many elements are still to come and how many of them are to be kept.
    private var toCome: [UInt64]
    private var toKeep: [UInt64]
    private let generator: CounterGenerator

    /// - Parameters:
    ///   - counts: how often each code occurs in the tensor; those after the last do not.
    ///   - kept: how many of them to keep, none more than there are.
    public init(counts: [Int], kept: [Int], generator: CounterGenerator) {
        precondition(counts.count == kept.count && counts.count <= 256)
        let others = [UInt64](repeating: 0, count: 256 - counts.count)
        toCome = counts.map { UInt64($0) } + others
        toKeep = kept.map { UInt64($0) } + others
        self.generator = generator
    }

    /// The positions of the elements of the next part that are kept.
    ///
    /// - Parameters:
    ///   - codes: at most 2^32; in all parts together as many of each code as there are.
    ///   - firstElement: the position of the part in the tensor, a multiple of 4.
    public mutating func select(_ codes: [UInt8], firstElement: Int) -> [UInt32] {
        precondition(firstElement % 4 == 0)
        let generator = generator
        return toCome.withUnsafeMutableBufferPointer { toCome in
            toKeep.withUnsafeMutableBufferPointer { toKeep in
                [UInt32](unsafeUninitializedCapacity: codes.count) { positions, filled in
                    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.step) { words in
                        for start in stride(from: 0, to: codes.count, by: Self.step) {
                            let count = min(Self.step, codes.count - start)
                            generator.fill(
                                UnsafeMutableBufferPointer(rebasing: words[..<count]),
                                fromBlock: UInt64((firstElement + start) / 4))
                            codes.withUnsafeBufferPointer { codes in
                                for index in 0..<count {
                                    let code = Int(codes[start + index])
                                    let rest = toCome[code]
                                    let isKept = (UInt64(words[index]) &* rest) &>> 32 < toKeep[code]
                                    toCome[code] = rest &- 1
                                    positions[filled] = UInt32(truncatingIfNeeded: start + index)
                                    filled &+= isKept ? 1 : 0
                                    toKeep[code] &-= isKept ? 1 : 0
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private static let step = 4096
}
