/// A random choice of exactly so many elements of each group of a row, drawn from a seed.
///
/// The rows of a matrix are cut into groups of `group` columns, the last of which may be shorter. A group of n elements keeps k = floor((2 n + alpha) / (2 alpha)) of
/// them: n / alpha, rounded. Which ones is drawn by Floyd's method, one number for each: for j from n - k to n - 1 let t = floor(word * (j + 1) / 2^32);
/// element t is kept, or j if t already is. Draw i of the matrix's group g takes word g K + i of the generator, K being what a full group keeps.
/// Every choice is as likely as any other, up to n / 2^32. A group that keeps all draws nothing.
///
/// Source: Bentley, Floyd, "A sample of brilliance" (Communications of the ACM, 1987).
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 10.
public struct GroupMask: Sendable {
    private let generator: CounterGenerator
    private let columns: Int
    private let group: Int
    private let alpha: Int

    /// The largest group.
    public static let groupLimit = 1 << 20

    /// - Parameters:
    ///   - columns: the length of a row.
    ///   - group: the length of a full group, at most ``groupLimit``.
    ///   - alpha: one over the share that is kept, at most ``groupLimit``.
    public init(key: UInt64, domain: UInt32, columns: Int, group: Int, alpha: Int) {
        precondition((1...Self.groupLimit).contains(group) && (1...Self.groupLimit).contains(alpha) && columns > 0)
        generator = CounterGenerator(key: key, domain: domain)
        self.columns = columns
        self.group = group
        self.alpha = alpha
    }

    /// How many elements a group of a length keeps.
    public static func kept(of length: Int, alpha: Int) -> Int { (2 * length + alpha) / (2 * alpha) }

    /// How many elements a row keeps.
    public static func keptOfRow(columns: Int, group: Int, alpha: Int) -> Int {
        columns / group * kept(of: group, alpha: alpha) + kept(of: columns % group, alpha: alpha)
    }

    /// The column that the last, shorter group of a row begins at; the length of a row if there is none.
    public var shortStart: Int { columns - columns % group }

    /// The elements of `range` that are kept, ascending and counted from the first of the range.
    ///
    /// - Parameter range: at most 2^32 elements of the matrix.
    public func positions(in range: Range<Int>) -> [UInt32] {
        guard !range.isEmpty else { return [] }
        guard alpha > 1 else { return Array(0..<UInt32(range.count)) }
        let groupsPerRow = (columns + group - 1) / group
        let firstRow = range.lowerBound / columns
        let firstGroup = (range.lowerBound - firstRow * columns) / group
        // Whole groups are drawn: one bit an element, from the beginning of the first group on.
        let start = firstRow * columns + firstGroup * group
        var bits = [UInt64](repeating: 0, count: (range.upperBound - start + group + 63) / 64)
        bits.withUnsafeMutableBufferPointer { bits in
            var element = start
            var column = firstGroup * group
            var index = firstRow * groupsPerRow + firstGroup
            var words = WordBuffer(generator)
            while element < range.upperBound {
                let length = min(group, columns - column)
                Self.draw(
                    Self.kept(of: length, alpha: alpha), of: length, firstWord: index &* perGroup, words: &words,
                    bits: bits, at: element - start)
                element += length
                column = column + length == columns ? 0 : column + length
                index += 1
            }
        }
        return BitPositions.positions(bits, in: range.lowerBound - start..<range.upperBound - start)
    }

    /// What a full group keeps.
    private var perGroup: Int { Self.kept(of: group, alpha: alpha) }

    @inline(__always)
    private static func draw(
        _ kept: Int, of length: Int, firstWord: Int, words: inout WordBuffer, bits: UnsafeMutableBufferPointer<UInt64>,
        at start: Int
    ) {
        for draw in 0..<kept {
            let last = length - kept + draw
            var place = start + last
            if kept < length {
                let word = words[firstWord &+ draw]
                let drawn = start + Int((UInt64(word) &* UInt64(last + 1)) &>> 32)
                if bits[drawn &>> 6] &>> UInt64(drawn & 63) & 1 == 0 { place = drawn }
            }
            bits[place &>> 6] |= 1 &<< UInt64(place & 63)
        }
    }
}

/// Words of a generator that are asked for in ascending order, drawn many at a time.
private struct WordBuffer {
    private let generator: CounterGenerator
    private var words: [UInt32]
    /// The word that the first of `words` is; nothing is there yet.
    private var first = 0
    private var end = 0

    private static let size = 1024

    init(_ generator: CounterGenerator) {
        self.generator = generator
        words = Array(repeating: 0, count: Self.size)
    }

    subscript(index: Int) -> UInt32 {
        @inline(__always)
        mutating get {
            if index >= end || index < first { fill(from: index) }
            return words[index &- first]
        }
    }

    private mutating func fill(from index: Int) {
        first = index & ~3
        end = first &+ Self.size
        let block = UInt64(bitPattern: Int64(first)) / 4
        words.withUnsafeMutableBufferPointer { generator.fill($0, fromBlock: block) }
    }
}
