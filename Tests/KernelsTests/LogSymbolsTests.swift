internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Log symbols")
struct LogSymbolsTests {
    private func check(_ values: [UInt64], _ type: ElementType, _ note: String) {
        let bytes = TensorWords.bytes(values, width: type.width)
        let split = LogSymbols.split(bytes, layout: type.layout)
        let expected = SpecificationArithmetic(type: type).symbols(values)
        let agrees = split == expected
        #expect(agrees, "symbols differ from the specification: \(type), \(note)")
        let joined = LogSymbols.join(symbols: split.symbols, extraBits: split.extraBits, layout: type.layout)
        let isRestored = joined == bytes
        #expect(isRestored, "words are not restored: \(type), \(note)")
    }

    @Test("all 256 values of a byte are their own symbol")
    func bytes() {
        let all = (0...255 as ClosedRange<UInt8>).map { $0 }
        let split = LogSymbols.split(all, layout: ElementType.uint8.layout)
        #expect(split.symbols == all && split.extraBits.isEmpty)
    }

    @Test("all 65,536 values of 16 bits are split as specified and come back")
    func words16() {
        check((0...0xFFFF as ClosedRange<UInt64>).map { $0 }, .bfloat16, "all")
    }

    @Test(
        "values of every magnitude are split as specified and come back",
        arguments: [ElementType.uint32, .uint64, .int16])
    func magnitudes(type: ElementType) {
        let seed = 600 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        var values: [UInt64] = []
        for magnitude in 0..<type.bits {
            let top: UInt64 = 1 << UInt64(magnitude)
            values += [top, top - 1, top | (top - 1)]
            for _ in 0..<30 { values.append(top | generator.next() & (top - 1)) }
        }
        check(values, type, "seed \(seed)")
        values.shuffle(using: &generator)
        check(values, type, "shuffled, seed \(seed)")
    }

    @Test("the largest values in a row are split as specified and come back", arguments: [ElementType.uint32, .uint64])
    func largest(type: ElementType) {
        let mask = UInt64.max >> UInt64(64 - type.bits)
        for count in 0..<20 {
            // Zeros and small values in between bring the bits to every alignment.
            let values = (0..<count).flatMap { position in [mask, mask >> UInt64(position % 9), UInt64(position)] }
            check(values, type, "\(count) values")
        }
    }

    @Test("no words have no symbols", arguments: [ElementType.uint8, .uint16, .uint32, .uint64])
    func empty(type: ElementType) { check([], type, "empty") }

    @Test("a symbol out of range is refused", arguments: [(ElementType.uint16, 208), (.uint32, 240), (.uint64, 252)])
    func range(type: ElementType, first: Int) {
        let extra = (first >> type.layout.symbolPrecision) - 1
        let bits = [UInt8](repeating: 0, count: (extra + 7) / 8)
        #expect(LogSymbols.join(symbols: [UInt8(first)], extraBits: bits, layout: type.layout) == nil)
        // The one before it is the largest there is.
        let last = [UInt8](repeating: 0xFF, count: (extra - 1 + 7) / 8)
        #expect(LogSymbols.join(symbols: [UInt8(first - 1)], extraBits: last, layout: type.layout) != nil)
    }

    @Test(
        "extra bits of another length are refused", arguments: [ElementType.uint8, .uint16, .uint32, .uint64], [1, -1])
    func length(type: ElementType, change: Int) {
        let mask = UInt64.max >> UInt64(64 - type.bits)
        let split = LogSymbols.split(TensorWords.bytes([mask, 3, mask], width: type.width), layout: type.layout)
        guard split.extraBits.count + change >= 0 else { return }
        let bits = change > 0 ? split.extraBits + [0] : Array(split.extraBits.dropLast())
        #expect(LogSymbols.join(symbols: split.symbols, extraBits: bits, layout: type.layout) == nil)
    }
}
