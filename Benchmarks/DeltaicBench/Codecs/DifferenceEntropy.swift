import DeltaCodecs
import DeltaicCore
import Foundation

/// How many bits a weight takes at least, if a coder knows the exponent of the base word and nothing else: the order-0 conditional entropy
/// of the integer difference.
///
/// Words of 16 bits are counted as they are. Wider ones are far more than there are weights: they are counted as the symbols of
/// `Schema/pack/codec-payloads.md`, section 2, and the bits below a symbol count in full.
struct DifferenceEntropy {
    private let width: Int
    private let mantissaBits: Int
    private let symbolCount: Int
    private var counts: [UInt32]
    private var extraBits = 0
    private static let contextCount = 256
    private static let precision = 3

    /// - Returns: nil for what is no floating-point type of two or four bytes.
    init?(_ type: ElementType) {
        guard let mantissaBits = type.mantissaBits, type.width == 2 || type.width == 4 else { return nil }
        width = type.width
        self.mantissaBits = mantissaBits
        symbolCount = width == 2 ? 1 << 16 : 1 << 8
        counts = [UInt32](repeating: 0, count: Self.contextCount * symbolCount)
    }

    /// Bits for a weight: with one statistic for all chunks, and with one of each chunk's own, which costs nothing.
    static func bitsPerWeight(of pair: ChunkedPair) -> (whole: Double, perChunk: Double)? {
        guard var whole = DifferenceEntropy(pair.type), var single = DifferenceEntropy(pair.type) else { return nil }
        var perChunk = 0.0
        for chunk in pair.chunks {
            whole.add(chunk)
            single.add(chunk)
            perChunk += single.takeBits()
        }
        return (whole.takeBits() / Double(pair.weights), perChunk / Double(pair.weights))
    }

    private mutating func add(_ chunk: ChunkInput) {
        if width == 2 {
            add(chunk, as: UInt16.self)
        } else {
            add(chunk, as: UInt32.self)
        }
    }

    /// The bits of all that was added, which is then forgotten.
    private mutating func takeBits() -> Double {
        var bits = Double(extraBits)
        extraBits = 0
        for context in 0..<Self.contextCount {
            let range = context * symbolCount..<(context + 1) * symbolCount
            let total = counts[range].reduce(0) { $0 + Double($1) }
            guard total > 0 else { continue }
            for index in range where counts[index] > 0 {
                let count = Double(counts[index])
                bits -= count * log2(count / total)
                counts[index] = 0
            }
        }
        return bits
    }

    private mutating func add<Word: FixedWidthInteger & UnsignedInteger>(_ chunk: ChunkInput, as type: Word.Type) {
        let sign = Word(1) << Word(Word.bitWidth - 1)
        func ordered(_ word: Word) -> Word { word & sign == 0 ? word | sign : ~word }
        let symbolCount = symbolCount
        let mantissaBits = Word(mantissaBits)
        var extra = 0
        counts.withUnsafeMutableBufferPointer { counts in
            chunk.raw.withUnsafeBytes { raw in
                chunk.base.withUnsafeBytes { base in
                    for offset in stride(from: 0, to: raw.count, by: MemoryLayout<Word>.size) {
                        let word = Word(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Word.self))
                        let other = Word(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: Word.self))
                        let difference = ordered(word) &- ordered(other)
                        let directed = other & sign == 0 ? difference : 0 &- difference
                        let folded = (directed &<< 1) ^ (directed & sign == 0 ? 0 : ~0)
                        let exponent = Int(truncatingIfNeeded: (other & ~sign) &>> mantissaBits)
                        var symbol = Int(truncatingIfNeeded: folded)
                        if Word.bitWidth > 16 && symbol >> (Self.precision + 1) > 0 {
                            let low = Word.bitWidth - 1 - folded.leadingZeroBitCount - Self.precision
                            symbol = (low << Self.precision) + (symbol >> low)
                            extra += low
                        }
                        counts[exponent * symbolCount + symbol] += 1
                    }
                }
            }
        }
        extraBits += extra
    }
}
