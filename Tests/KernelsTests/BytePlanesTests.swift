internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Byte planes")
struct BytePlanesTests {
    @Test("words survive being split and joined", arguments: [1, 2, 4, 8], [false, true])
    func roundTrip(width: Int, rotated: Bool) {
        let seed = UInt64(width)
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 3, 7, 64, 1001] {
            let words = generator.bytes(count * width)
            let planes = BytePlanes.split(words, width: width, rotated: rotated)
            let joined = BytePlanes.join(planes, width: width, rotated: rotated)
            #expect(joined == words, "\(count) words, seed \(seed)")
        }
    }

    @Test("plane k holds byte w - 1 - k of the rotated words", arguments: [1, 2, 4, 8], [false, true])
    func planes(width: Int, rotated: Bool) {
        let seed = UInt64(40 + width)
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(101 * width)
        let top = UInt64(8 * width - 1)
        let words = TensorWords.words(bytes, width: width).map { word in
            rotated ? word << 1 | word >> top : word
        }
        let expected = (0..<width).map { plane in
            words.map { UInt8(truncatingIfNeeded: $0 >> UInt64(8 * (width - 1 - plane))) }
        }
        #expect(BytePlanes.split(bytes, width: width, rotated: rotated) == expected, "seed \(seed)")
    }

    @Test("rotation brings the exponent to the first plane and the sign to the lowest bit")
    func rotation() {
        // BF16 -1 is BF80: exponent 7F, sign 1.
        #expect(BytePlanes.split([0x80, 0xBF], width: 2, rotated: true) == [[0x7F], [0x01]])
    }

    @Test("bytes after the last whole word are ignored")
    func remainder() {
        #expect(BytePlanes.split([1, 2, 3], width: 2, rotated: false) == [[2], [1]])
    }

    @Test("a wrong number of planes is refused", arguments: [0, 1, 3])
    func planeCount(count: Int) {
        #expect(BytePlanes.join(Array(repeating: [1, 2], count: count), width: 2, rotated: false) == nil)
    }

    @Test("planes of different lengths are refused")
    func planeLengths() {
        #expect(BytePlanes.join([[1, 2], [1]], width: 2, rotated: true) == nil)
    }

    @Test("a width that no dtype has is refused")
    func width() {
        #expect(BytePlanes.join([[1], [2], [3]], width: 3, rotated: false) == nil)
    }
}
