internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Segment activity")
struct SegmentActivityTests {
    /// Rows of 32 residuals: row `r` has values under `limit(r)`.
    private func rows(_ count: Int, first: Int = 32, using generator: inout SeededGenerator, limit: (Int) -> UInt64)
        -> [UInt8]
    {
        var words: [UInt64] = []
        for row in 0..<count {
            for _ in 0..<(row == 0 ? first : 32) { words.append(UInt64.random(in: 0...limit(row), using: &generator)) }
        }
        return TensorWords.bytes(words, width: 2)
    }

    @Test("quiet and loud rows get classes of their own, louder ones the higher")
    func classes() {
        let seed: UInt64 = 3
        var generator = SeededGenerator(seed: seed)
        let residuals = rows(40, first: 20, using: &generator) { $0.isMultiple(of: 3) ? 1023 : 0 }
        let segments = SegmentActivity.classify(
            residuals, count: residuals.count / 2, layout: ElementType.bfloat16.layout, length: 32, firstLength: 20)
        #expect(segments.classCount == 2, "seed \(seed)")
        #expect(segments.classes == (0..<40).map { $0.isMultiple(of: 3) ? 1 : 0 }, "seed \(seed)")
        #expect(segments.length == 32 && segments.firstLength == 20)
    }

    @Test("rows that move alike stay in one class")
    func single() {
        let seed: UInt64 = 4
        var generator = SeededGenerator(seed: seed)
        let residuals = rows(40, using: &generator) { _ in 15 }
        let segments = SegmentActivity.classify(
            residuals, count: 1280, layout: ElementType.bfloat16.layout, length: 32, firstLength: 32)
        #expect(segments == .single, "seed \(seed)")
    }

    @Test("too few rows are not classified")
    func few() {
        let segments = SegmentActivity.classify(
            [UInt8](repeating: 0, count: 128), count: 64, layout: ElementType.bfloat16.layout, length: 32,
            firstLength: 32)
        #expect(segments == .single)
    }
}

@Suite("Byte histogram")
struct ByteHistogramTests {
    @Test("every value is counted, at every length")
    func count() {
        let seed: UInt64 = 5
        var generator = SeededGenerator(seed: seed)
        for length in [0, 1, 2, 3, 4, 5, 999] {
            let bytes = generator.bytes(length)
            var expected = [Int](repeating: 0, count: 256)
            for byte in bytes { expected[Int(byte)] += 1 }
            #expect(ByteHistogram.count(bytes[...]) == expected, "seed \(seed)")
        }
    }
}
