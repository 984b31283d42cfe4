/// The XOR of words with those of the base, cut into planes of bytes of equal significance: what BitX and TensorX begin with.
struct XORPlanes {
    /// The bytes of a word: 1, 2, 4 or 8; a plane for each.
    let width: Int
    /// Whether words are rotated left by a bit first: a plane of exponents, and sign and mantissa in the others.
    let isRotated: Bool

    /// Writes the planes one after the other, least significant first.
    ///
    /// - Parameter planes: as long as `raw` and `base`.
    func split(_ raw: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, planes: UnsafeMutableRawBufferPointer) {
        precondition(raw.count == base.count && raw.count == planes.count && raw.count.isMultiple(of: width))
        guard let raw = raw.baseAddress, let base = base.baseAddress, let start = planes.baseAddress else { return }
        let count = planes.count / width
        switch width {
        case 2: split(raw, base, start, count, as: UInt16.self)
        case 4: split(raw, base, start, count, as: UInt32.self)
        case 8: split(raw, base, start, count, as: UInt64.self)
        default: split(raw, base, start, count, as: UInt8.self)
        }
    }

    /// Writes the words that ``split(_:base:planes:)`` had.
    func join(_ planes: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, raw: UnsafeMutableRawBufferPointer) {
        precondition(raw.count == base.count && raw.count == planes.count && raw.count.isMultiple(of: width))
        guard let raw = raw.baseAddress, let base = base.baseAddress, let start = planes.baseAddress else { return }
        let count = planes.count / width
        switch width {
        case 2: join(start, base, raw, count, as: UInt16.self)
        case 4: join(start, base, raw, count, as: UInt32.self)
        case 8: join(start, base, raw, count, as: UInt64.self)
        default: join(start, base, raw, count, as: UInt8.self)
        }
    }

    /// Blocks that stay in the first cache: the bytes are read once, and each inner loop is one that becomes vectors.
    private static let block = 1024

    @inline(__always)
    private func split<Word: FixedWidthInteger & UnsignedInteger>(
        _ raw: UnsafeRawPointer, _ base: UnsafeRawPointer, _ planes: UnsafeMutableRawPointer, _ count: Int,
        as type: Word.Type
    ) {
        let top = Word(Word.bitWidth - 1)
        for start in stride(from: 0, to: count, by: Self.block) {
            let end = min(start + Self.block, count)
            for plane in 0..<MemoryLayout<Word>.size {
                let target = planes + plane * count
                let shift = Word(8 * plane)
                if isRotated {
                    for index in start..<end {
                        let word = Self.word(raw, index, as: Word.self) ^ Self.word(base, index, as: Word.self)
                        let turned = (word &<< 1) | (word &>> top)
                        target.storeBytes(
                            of: UInt8(truncatingIfNeeded: turned &>> shift), toByteOffset: index, as: UInt8.self)
                    }
                } else {
                    for index in start..<end {
                        let word = Self.word(raw, index, as: Word.self) ^ Self.word(base, index, as: Word.self)
                        target.storeBytes(
                            of: UInt8(truncatingIfNeeded: word &>> shift), toByteOffset: index, as: UInt8.self)
                    }
                }
            }
        }
    }

    @inline(__always)
    private func join<Word: FixedWidthInteger & UnsignedInteger>(
        _ planes: UnsafeRawPointer, _ base: UnsafeRawPointer, _ raw: UnsafeMutableRawPointer, _ count: Int,
        as type: Word.Type
    ) {
        let size = MemoryLayout<Word>.size
        let top = Word(Word.bitWidth - 1)
        for index in 0..<count {
            var word: Word = 0
            for plane in 0..<size {
                let byte = planes.load(fromByteOffset: plane &* count &+ index, as: UInt8.self)
                word |= Word(truncatingIfNeeded: byte) &<< Word(8 &* plane)
            }
            if isRotated { word = (word &>> 1) | (word &<< top) }
            word ^= Self.word(base, index, as: Word.self)
            raw.storeBytes(of: word.littleEndian, toByteOffset: index &* size, as: Word.self)
        }
    }

    @inline(__always)
    private static func word<Word: FixedWidthInteger>(_ start: UnsafeRawPointer, _ index: Int, as type: Word.Type)
        -> Word
    {
        Word(littleEndian: start.loadUnaligned(fromByteOffset: index &* MemoryLayout<Word>.size, as: Word.self))
    }
}
