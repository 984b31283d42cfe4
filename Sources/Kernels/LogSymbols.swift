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

    /// The symbol of one number.
    @inline(__always)
    static func symbol<Word: TensorWord>(_ value: Word, precision: Int) -> (symbol: UInt8, extra: Int) {
        if value &>> Word(precision + 1) == 0 { return (UInt8(truncatingIfNeeded: value), 0) }
        let extra = Word.bitWidth - 1 - value.leadingZeroBitCount - precision
        let leading = Int(truncatingIfNeeded: value &>> Word(truncatingIfNeeded: extra))
        return (UInt8(truncatingIfNeeded: (extra &<< precision) &+ leading), extra)
    }

    private static func split<Word: TensorWord>(
        _ words: [UInt8], precision: Int, as type: Word.Type
    ) -> (symbols: [UInt8], extraBits: [UInt8]) {
        let count = words.count / MemoryLayout<Word>.size
        var extraLength = 0
        var symbols: [UInt8] = []
        let extraBits = [UInt8](unsafeUninitializedCapacity: words.count + 16) { extraBuffer, extraCount in
            guard let extraStart = extraBuffer.baseAddress else { return }
            let target = UnsafeMutableRawPointer(extraStart)
            words.withUnsafeBytes { source in
                guard let source = source.baseAddress else { return }
                symbols = filledBytes(count) { symbolTarget in
                    var pending: UInt64 = 0
                    var filled: UInt64 = 0
                    for index in 0..<count {
                        let value: Word = source.word(index)
                        let (symbol, extra) = symbol(value, precision: precision)
                        symbolTarget.store(symbol, at: index)
                        if extra == 0 { continue }
                        let low = UInt64(truncatingIfNeeded: value) & ((1 &<< UInt64(extra)) &- 1)
                        // At most 7 bits are pending, so up to 57 more fit; 64-bit words may bring more, in two parts.
                        if Word.bitWidth == 64 && extra > 56 {
                            pending |= (low & 0xffff_ffff) &<< filled
                            target.storeBytes(of: pending.littleEndian, toByteOffset: extraLength, as: UInt64.self)
                            extraLength += 4
                            pending = (pending &>> 32) | ((low &>> 32) &<< filled)
                            filled += UInt64(extra - 32)
                        } else {
                            pending |= low &<< filled
                            filled += UInt64(extra)
                        }
                        target.storeBytes(of: pending.littleEndian, toByteOffset: extraLength, as: UInt64.self)
                        let whole = filled &>> 3
                        extraLength += Int(whole)
                        pending = whole == 8 ? 0 : pending &>> (whole &<< 3)
                        filled &= 7
                    }
                    if filled > 0 { extraLength += 1 }
                }
            }
            extraCount = extraLength
        }
        return (symbols, extraBits)
    }

    private static func join<Word: TensorWord>(
        _ symbols: [UInt8], _ extraBits: [UInt8], precision: Int, as type: Word.Type
    ) -> [UInt8]? {
        let direct = 1 << (precision + 1)
        let symbolLimit = direct + ((Word.bitWidth - precision - 1) << precision)
        // The lengths are checked before any bit is read, so the loop below needs no checks of its own.
        var totalBits = 0
        for symbol in symbols where Int(symbol) >= direct {
            guard Int(symbol) < symbolLimit else { return nil }
            totalBits += (Int(symbol) >> precision) - 1
        }
        guard extraBits.count == (totalBits + 7) / 8 else { return nil }
        // Room to read eight bytes past the last one.
        let padded = extraBits + [UInt8](repeating: 0, count: 16)
        return padded.withUnsafeBytes { extra in
            symbols.withUnsafeBytes { source in
                guard let extra = extra.baseAddress, let source = source.baseAddress else { return [] }
                return filledBytes(symbols.count * MemoryLayout<Word>.size) { target in
                    var bit = 0
                    for index in 0..<symbols.count {
                        let symbol = Int(source.word(index, as: UInt8.self))
                        if symbol < direct {
                            target.store(Word(truncatingIfNeeded: symbol), at: index)
                            continue
                        }
                        let count = (symbol &>> precision) &- 1
                        let leading = Word(truncatingIfNeeded: symbol &- (count &<< precision))
                        var low = extra.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self).littleEndian
                        low &>>= UInt64(bit & 7)
                        if Word.bitWidth == 64 && count > 56 {
                            let high = extra.loadUnaligned(fromByteOffset: (bit &>> 3) &+ 4, as: UInt64.self)
                                .littleEndian
                            low = (low & 0xffff_ffff) | ((high &>> UInt64(bit & 7)) &<< 32)
                        }
                        bit &+= count
                        let mask = (UInt64(1) &<< UInt64(count)) &- 1
                        let word = (leading &<< Word(truncatingIfNeeded: count)) | Word(truncatingIfNeeded: low & mask)
                        target.store(word, at: index)
                    }
                }
            }
        }
    }
}
