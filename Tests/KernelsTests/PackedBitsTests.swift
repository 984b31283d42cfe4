internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Packed bits")
struct PackedBitsTests {
    @Test("codes come back, and lie as fields that are written one by one", arguments: 1...8)
    func roundTrip(bits: Int) {
        var generator = SeededGenerator(seed: 70)
        for count in Array(0...40) + [1000] {
            let codes = (0..<count).map { _ in UInt8(generator.next() & (1 << UInt64(bits) - 1)) }
            let packed = PackedBits.pack(codes, bits: bits)
            var packer = BitPacker()
            for code in codes { packer.append(UInt64(code), bits: bits) }
            #expect(packed == packer.finish(), "\(count) of \(bits) bits, seed 70")
            #expect(packed.count == PackedBits.byteCount(count: count, bits: bits))
            #expect(PackedBits.unpack(packed, count: count, bits: bits) == codes)
            #expect(PackedBits.unpack(packed + [0], count: count, bits: bits) == nil)
        }
    }

    @Test("only the low bits of a code are packed")
    func lowBits() {
        #expect(PackedBits.pack([0xff, 0xf0, 0xff], bits: 3) == [0b1100_0111, 0b1])
    }
}
