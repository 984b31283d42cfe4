/// What a Huffman code takes for symbols that occur so often.
enum HuffmanLength {
    /// Bits in all, without the table; 0 if there is one symbol only.
    static func bits(_ counts: [Double]) -> Double {
        var weights = counts.filter { $0 > 0 }.sorted(by: >)
        var bits = 0.0
        while weights.count > 1 {
            // The two lightest become one, a bit deeper.
            let sum = weights.removeLast() + weights.removeLast()
            bits += sum
            weights.insert(sum, at: weights.firstIndex { $0 < sum } ?? weights.endIndex)
        }
        return bits
    }
}
