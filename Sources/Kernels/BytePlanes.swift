/// Separates words into planes of bytes of equal significance, and joins them.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 1.
public enum BytePlanes {
    /// The planes of little-endian words, most significant first.
    ///
    /// - Parameters:
    ///   - words: a whole number of words of `width` bytes; bytes after the last whole word are ignored.
    ///   - rotated: whether each word is rotated left by one bit first, which brings the exponent of a floating-point word to
    ///     the top and its sign to the bottom.
    public static func split(_ words: [UInt8], width: Int, rotated: Bool) -> [[UInt8]] {
        switch width {
        case 2: split(words, as: UInt16.self, rotated: rotated)
        case 4: split(words, as: UInt32.self, rotated: rotated)
        case 8: split(words, as: UInt64.self, rotated: rotated)
        default: rotated ? split(words, as: UInt8.self, rotated: true) : [words]
        }
    }

    /// The words whose planes these are, nil unless there are `width` planes of equal length.
    public static func join(_ planes: [[UInt8]], width: Int, rotated: Bool) -> [UInt8]? {
        guard planes.count == width, let count = planes.first?.count else { return nil }
        guard planes.allSatisfy({ $0.count == count }) else { return nil }
        return switch width {
        case 1: rotated ? join(planes, as: UInt8.self, rotated: true) : planes[0]
        case 2: join(planes, as: UInt16.self, rotated: rotated)
        case 4: join(planes, as: UInt32.self, rotated: rotated)
        case 8: join(planes, as: UInt64.self, rotated: rotated)
        default: nil
        }
    }

    private static func split<Word: TensorWord>(_ words: [UInt8], as type: Word.Type, rotated: Bool) -> [[UInt8]] {
        let width = MemoryLayout<Word>.size
        let count = words.count / width
        return words.withUnsafeBytes { source -> [[UInt8]] in
            guard let source = source.baseAddress else { return Array(repeating: [], count: width) }
            return (0..<width).map { plane in
                let shift = Word(8 * (width - 1 - plane))
                return filledBytes(count) { target in
                    if rotated {
                        for index in 0..<count {
                            let word: Word = source.word(index)
                            let turned = (word &<< 1) | (word &>> Word(Word.bitWidth - 1))
                            target.store(UInt8(truncatingIfNeeded: turned &>> shift), at: index)
                        }
                    } else {
                        for index in 0..<count {
                            let word: Word = source.word(index)
                            target.store(UInt8(truncatingIfNeeded: word &>> shift), at: index)
                        }
                    }
                }
            }
        }
    }

    private static func join<Word: TensorWord>(_ planes: [[UInt8]], as type: Word.Type, rotated: Bool) -> [UInt8] {
        let width = MemoryLayout<Word>.size
        let count = planes[0].count
        return filledBytes(count * width) { target in
            for (position, plane) in planes.enumerated() {
                let shift = Word(8 * (width - 1 - position))
                plane.withUnsafeBytes { source in
                    guard let source = source.baseAddress else { return }
                    for index in 0..<count {
                        let part = Word(truncatingIfNeeded: source.word(index, as: UInt8.self)) &<< shift
                        let word: Word = position == 0 ? part : target.word(index) | part
                        target.store(word, at: index)
                    }
                }
            }
            guard rotated else { return }
            for index in 0..<count {
                let word: Word = target.word(index)
                target.store((word &>> 1) | (word &<< Word(Word.bitWidth - 1)), at: index)
            }
        }
    }
}
