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
            // A pass for each plane: its loop has one source, one target and a constant shift, so that the compiler makes vectors of it.
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
            withPointers(to: planes[...]) { planes in
                @inline(__always)
                func fill(_ word: (Int) -> Word) {
                    if rotated {
                        for index in 0..<count {
                            let word = word(index)
                            target.store((word &>> 1) | (word &<< Word(Word.bitWidth - 1)), at: index)
                        }
                    } else {
                        for index in 0..<count { target.store(word(index), at: index) }
                    }
                }
                @inline(__always)
                func part(_ plane: UnsafeRawPointer, _ index: Int, _ shift: Int) -> Word {
                    Word(truncatingIfNeeded: plane.word(index, as: UInt8.self)) &<< Word(truncatingIfNeeded: shift)
                }
                // The usual widths in one pass.
                switch width {
                case 2:
                    let (high, low) = (planes[0], planes[1])
                    fill { part(high, $0, 8) | part(low, $0, 0) }
                case 4:
                    let (first, second, third, fourth) = (planes[0], planes[1], planes[2], planes[3])
                    fill { part(first, $0, 24) | part(second, $0, 16) | part(third, $0, 8) | part(fourth, $0, 0) }
                default:
                    fill { index in
                        planes.reduce(0) { word, plane in
                            width == 1 ? part(plane, index, 0) : (word &<< 8) | part(plane, index, 0)
                        }
                    }
                }
            }
        }
    }

    /// Gives `body` a pointer to each plane; none is empty.
    private static func withPointers<Value>(
        to planes: ArraySlice<[UInt8]>, _ pointers: [UnsafeRawPointer] = [], _ body: ([UnsafeRawPointer]) -> Value
    ) -> Value {
        guard let plane = planes.first else { return body(pointers) }
        return plane.withUnsafeBytes { bytes in
            withPointers(to: planes.dropFirst(), pointers + (bytes.baseAddress.map { [$0] } ?? []), body)
        }
    }
}
