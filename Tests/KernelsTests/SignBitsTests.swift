internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Signs")
struct SignBitsTests {
    @Test("signs are packed and added as one by one, in any range")
    func roundTrip() {
        var generator = SeededGenerator(seed: 71)
        let values = (0..<203).map { (index: Int) -> Float in
            let zero: Float = index % 2 == 0 ? 0 : -0.0
            return index % 11 == 0 ? zero : Float(generator.normal())
        }
        for zeroIsPlus in [true, false] {
            let signs = SignBits.pack(values, zeroIsPlus: zeroIsPlus)
            let isPlus = values.map { zeroIsPlus ? $0 >= 0 : $0 > 0 }
            for (index, isPlus) in isPlus.enumerated() {
                #expect((signs[index / 8] >> UInt8(index % 8) & 1 == 1) == isPlus, "element \(index), seed 71")
            }
            for range in [0..<203, 3..<5, 7..<64, 8..<16, 9..<202, 203..<203] {
                var expected = values
                for index in range { expected[index] += isPlus[index] ? 0.25 : -0.25 }
                var one = values
                var many = values
                let scales = [Float](repeating: 0.25, count: range.count)
                signs.withUnsafeBufferPointer { signs in
                    one.withUnsafeMutableBufferPointer { SignBits.add(signs, scale: 0.25, to: $0, in: range) }
                    scales.withUnsafeBufferPointer { scales in
                        many.withUnsafeMutableBufferPointer { SignBits.add(signs, scales: scales, to: $0, in: range) }
                    }
                }
                #expect(one == expected && many == expected, "\(range), seed 71")
            }
        }
    }
}
