/// Splits numbers into a byte that says how large they are and the bits below it.
///
/// Small numbers are their own symbol; larger ones share a symbol with their neighbours of the same leading bits, as in an
/// HDR histogram, and leave the rest as extra bits.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 2, "Symbols".
public enum LogSymbols {
    /// The symbols of words, one byte each, and their extra bits, packed lowest bit first.
    public static func split(_ words: [UInt8], layout: WordLayout) -> (symbols: [UInt8], extraBits: [UInt8]) {
        switch layout.width {
        case 1: (words, [])
        case 2: split(words, precision: layout.symbolPrecision, as: UInt16.self)
        case 4: split(words, precision: layout.symbolPrecision, as: UInt32.self)
        default: split(words, precision: layout.symbolPrecision, as: UInt64.self)
        }
    }

    /// The words of symbols and extra bits, nil if a symbol is none or the extra bits have another length.
    public static func join(symbols: [UInt8], extraBits: [UInt8], layout: WordLayout) -> [UInt8]? {
        switch layout.width {
        case 1: extraBits.isEmpty ? symbols : nil
        case 2: join(symbols, extraBits, precision: layout.symbolPrecision, as: UInt16.self)
        case 4: join(symbols, extraBits, precision: layout.symbolPrecision, as: UInt32.self)
        default: join(symbols, extraBits, precision: layout.symbolPrecision, as: UInt64.self)
        }
    }

    /// Elements that are looked at together: if none of them has extra bits, they are done at once.
    private static let blockLength = 8

    /// The bits that a symbol with extra bits has at least one of, for each symbol of a block.
    @inline(__always)
    private static func extraMask(precision: Int) -> UInt64 {
        UInt64(0xff & ~((2 << precision) - 1)) &* 0x0101_0101_0101_0101
    }

    // MARK: Split

    private static func split<Word: TensorWord>(
        _ words: [UInt8], precision: Int, as type: Word.Type
    ) -> (symbols: [UInt8], extraBits: [UInt8]) {
        let count = words.count / MemoryLayout<Word>.size
        let table = LogSymbolTable<Word>(precision: precision)
        return words.withUnsafeBytes { words in
            guard let words = words.baseAddress else { return ([], []) }
            let symbols = filledBytes(count) { target in
                let offset = UInt32(126 + precision) << UInt32(precision)
                let shift = UInt32(23 - precision)
                for index in 0..<count {
                    let value: Word = words.word(index)
                    let symbol = (value.magnitudeBits &>> shift) &- offset
                    let isOwn = value &>> Word(truncatingIfNeeded: precision) == 0
                    let low = UInt8(truncatingIfNeeded: value)
                    target.store(isOwn ? low : UInt8(truncatingIfNeeded: symbol), at: index)
                }
            }
            let capacity = count * MemoryLayout<Word>.size + 16
            let extraBits = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, length in
                guard let target = buffer.baseAddress else { return }
                length = pack(words, symbols: symbols, table: table, to: UnsafeMutableRawPointer(target))
            }
            return (symbols, extraBits)
        }
    }

    /// Writes the extra bits of all words, and up to eight bytes more; returns how many bytes count.
    private static func pack<Word: TensorWord>(
        _ words: UnsafeRawPointer, symbols: [UInt8], table: LogSymbolTable<Word>, to target: UnsafeMutableRawPointer
    ) -> Int {
        // As many words as have room in a register beside seven bits that wait; one of 64 bits goes in two parts.
        let together = Word.bitWidth <= 16 ? 4 : Word.bitWidth == 32 ? 2 : 1
        let mask = extraMask(precision: table.precision)
        var length = 0
        var waiting: UInt64 = 0
        var filled: UInt64 = 0
        @inline(__always)
        func append(_ bits: UInt64, _ count: UInt64) {
            waiting |= bits &<< filled
            filled &+= count
            target.storeBytes(of: waiting.littleEndian, toByteOffset: length, as: UInt64.self)
            let whole = filled &>> 3
            length &+= Int(truncatingIfNeeded: whole)
            waiting &>>= whole &<< 3
            filled &= 7
        }
        let count = symbols.count
        symbols.withUnsafeBytes { symbols in
            table.extraCounts.withUnsafeBufferPointer { extraCounts in
                guard let symbols = symbols.baseAddress else { return }
                @inline(__always)
                func write(from start: Int, _ length: Int) {
                    var bits: UInt64 = 0
                    var total: UInt64 = 0
                    for index in start..<start &+ length {
                        let extra = UInt64(extraCounts[Int(symbols.word(index, as: UInt8.self))])
                        let value = UInt64(truncatingIfNeeded: words.word(index, as: Word.self))
                        bits |= (value & ((1 &<< extra) &- 1)) &<< total
                        total &+= extra
                    }
                    guard Word.bitWidth == 64 else { return append(bits, total) }
                    let first = min(total, 32)
                    append(bits & ((1 &<< first) &- 1), first)
                    append(bits &>> first, total &- first)
                }
                var index = 0
                while index &+ blockLength <= count {
                    if symbols.loadUnaligned(fromByteOffset: index, as: UInt64.self) & mask != 0 {
                        for part in 0..<blockLength / together { write(from: index &+ part &* together, together) }
                    }
                    index &+= blockLength
                }
                while index < count {
                    write(from: index, 1)
                    index &+= 1
                }
            }
        }
        return filled > 0 ? length + 1 : length
    }

    // MARK: Join

    private static func join<Word: TensorWord>(
        _ symbols: [UInt8], _ extraBits: [UInt8], precision: Int, as type: Word.Type
    ) -> [UInt8]? {
        let table = LogSymbolTable<Word>(precision: precision)
        // The lengths are checked before any bit is read, so the loop below needs no checks of its own.
        guard let bits = table.extraBitCount(of: symbols), extraBits.count == (bits + 7) / 8 else { return nil }
        let mask = extraMask(precision: precision)
        // Room to read eight bytes past the last one.
        let padded = extraBits + [UInt8](repeating: 0, count: 16)
        let count = symbols.count
        return padded.withUnsafeBytes { extra in
            symbols.withUnsafeBytes { symbols in
                table.words.withUnsafeBufferPointer { words in
                    table.extraCounts.withUnsafeBufferPointer { extraCounts in
                        guard let extra = extra.baseAddress, let symbols = symbols.baseAddress else { return [] }
                        return filledBytes(count * MemoryLayout<Word>.size) { target in
                            var bit = 0
                            @inline(__always)
                            func join(_ index: Int) {
                                let symbol = Int(symbols.word(index, as: UInt8.self))
                                let extraCount = UInt64(extraCounts[symbol])
                                var low = extra.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self).littleEndian
                                low &>>= UInt64(truncatingIfNeeded: bit & 7)
                                if Word.bitWidth == 64 {
                                    let next = extra.loadUnaligned(fromByteOffset: (bit &>> 3) &+ 8, as: UInt8.self)
                                    low |= (UInt64(next) &<< 1) &<< UInt64(truncatingIfNeeded: 63 &- (bit & 7))
                                }
                                bit &+= Int(truncatingIfNeeded: extraCount)
                                low &= (1 &<< extraCount) &- 1
                                target.store(words[symbol] | Word(truncatingIfNeeded: low), at: index)
                            }
                            var index = 0
                            while index &+ blockLength <= count {
                                if symbols.loadUnaligned(fromByteOffset: index, as: UInt64.self) & mask == 0 {
                                    for place in index..<index &+ blockLength {
                                        let word = Word(truncatingIfNeeded: symbols.word(place, as: UInt8.self))
                                        target.store(word, at: place)
                                    }
                                } else {
                                    for place in index..<index &+ blockLength { join(place) }
                                }
                                index &+= blockLength
                            }
                            while index < count {
                                join(index)
                                index &+= 1
                            }
                        }
                    }
                }
            }
        }
    }
}
