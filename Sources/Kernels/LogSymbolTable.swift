/// What each log symbol stands for.
struct LogSymbolTable<Word: TensorWord> {
    let precision: Int
    /// The number of a symbol with all its extra bits zero: 256 of them, zero for what is no symbol.
    let words: [Word]
    /// How many extra bits follow a symbol, 256 times.
    let extraCounts: [UInt8]
    /// Symbols are below it.
    private let limit: Int

    init(precision: Int) {
        self.precision = precision
        limit = (2 << precision) + ((Word.bitWidth - precision - 1) << precision)
        var words = [Word](repeating: 0, count: 256)
        var extraCounts = [UInt8](repeating: 0, count: 256)
        for symbol in 0..<min(limit, 256) {
            let extra = max(symbol >> precision, 1) - 1
            words[symbol] = Word(truncatingIfNeeded: symbol - (extra << precision)) &<< Word(truncatingIfNeeded: extra)
            extraCounts[symbol] = UInt8(truncatingIfNeeded: extra)
        }
        self.words = words
        self.extraCounts = extraCounts
    }

    /// The extra bits that follow all symbols together, nil if one of them is none.
    func extraBitCount(of symbols: [UInt8]) -> Int? {
        symbols.withUnsafeBufferPointer { symbols in
            var total = 0
            var largest: UInt8 = 0
            var start = 0
            let shift = UInt8(truncatingIfNeeded: precision)
            while start < symbols.count {
                // A sum that cannot overflow 16 bits, which more of fit a vector.
                let end = min(start + 1024, symbols.count)
                var sum: UInt16 = 0
                for index in start..<end {
                    let symbol = symbols[index]
                    largest = max(largest, symbol)
                    sum &+= UInt16(max(symbol &>> shift, 1) &- 1)
                }
                total += Int(sum)
                start = end
            }
            return Int(largest) < limit ? total : nil
        }
    }
}
