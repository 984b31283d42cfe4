internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Significance bitmap")
struct SignificanceBitmapTests {
    @Test("bytes come back at every length and share of zeros")
    func roundTrip() {
        let seed: UInt64 = 11
        var generator = SeededGenerator(seed: seed)
        for count in 0..<70 {
            for zeros in [0, 1, 8, 15, 16] {
                let bytes = (0..<count).map { _ -> UInt8 in
                    Int.random(in: 0..<16, using: &generator) < zeros ? 0 : UInt8.random(in: 1...255, using: &generator)
                }
                let split = SignificanceBitmap.split(bytes)
                #expect(split.bitmap.count == (count + 7) / 8)
                #expect(split.significant == bytes.filter { $0 != 0 }, "seed \(seed)")
                let joined = SignificanceBitmap.join(
                    bitmap: split.bitmap, significant: split.significant, count: count)
                #expect(joined == bytes, "seed \(seed)")
            }
        }
    }

    @Test("the first byte has the lowest bit, and the last byte is filled with zeros")
    func order() {
        let split = SignificanceBitmap.split([5, 0, 7, 0, 0, 0, 0, 0, 0, 9])
        #expect(split.bitmap == [0b101, 0b10])
        #expect(split.significant == [5, 7, 9])
    }

    @Test("a bitmap of another length is refused", arguments: [[], [1], [1, 0, 0]] as [[UInt8]])
    func length(bitmap: [UInt8]) {
        #expect(SignificanceBitmap.join(bitmap: bitmap, significant: [5], count: 10) == nil)
    }

    @Test("a bitmap with more or fewer bits than bytes is refused", arguments: [[], [1], [1, 2, 3]] as [[UInt8]])
    func bits(significant: [UInt8]) {
        #expect(SignificanceBitmap.join(bitmap: [3], significant: significant, count: 8) == nil)
    }

    @Test("a bit past the end is refused")
    func pastEnd() {
        #expect(SignificanceBitmap.join(bitmap: [0b1000], significant: [1], count: 3) == nil)
        #expect(SignificanceBitmap.join(bitmap: [0b0100], significant: [1], count: 3) == [0, 0, 1])
    }
}
