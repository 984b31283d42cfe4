internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Context partition")
struct ContextPartitionTests {
    private let segments = SegmentClasses(classCount: 3, length: 7, firstLength: 4, classes: [])

    /// Segments of random classes over `count` elements.
    private func segments(_ count: Int, using generator: inout SeededGenerator) -> SegmentClasses {
        let number = SegmentClasses.segmentCount(of: count, length: 7, firstLength: 4)
        let classes = (0..<number).map { _ in UInt8.random(in: 0..<3, using: &generator) }
        return SegmentClasses(classCount: 3, length: 7, firstLength: 4, classes: classes)
    }

    /// The keys of the specification.
    private func keys(_ base: [UInt64], _ type: ElementType, _ segments: SegmentClasses) -> [Int] {
        base.enumerated().map { index, word in
            var kind = 0
            if segments.classCount > 1 {
                let segment = index < segments.firstLength ? 0 : 1 + (index - segments.firstLength) / segments.length
                kind = Int(segments.classes[segment])
            }
            guard let mantissaBits = type.mantissaBits else { return kind * 256 }
            let exponentBits = type.bits - 1 - mantissaBits
            let exponent = Int(word >> UInt64(mantissaBits)) & (1 << exponentBits - 1)
            return kind * 256 + exponent & 255
        }
    }

    @Test("elements are arranged by class, context and position", arguments: ElementType.allCases, [false, true])
    func arrange(type: ElementType, classed: Bool) {
        let seed = 700 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 3, 5, 500] {
            let base = TensorWords.random(count, type, using: &generator)
            let words = TensorWords.random(count, type, using: &generator)
            let segments = classed ? segments(count, using: &generator) : .single
            let partition = ContextPartition(
                base: TensorWords.bytes(base, width: type.width), count: count, layout: type.layout, segments: segments)
            let keys = keys(base, type, segments)
            let order = words.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
            let bytes = TensorWords.bytes(words, width: type.width)
            let arranged = partition.arrange(bytes, width: type.width)
            #expect(TensorWords.words(arranged, width: type.width) == order.map { words[$0] }, "seed \(seed)")
            #expect(partition.restore(arranged, width: type.width) == bytes, "seed \(seed)")
            let sizes = Dictionary(grouping: keys) { $0 }.sorted { $0.key < $1.key }.map(\.value.count)
            #expect(partition.groups == sizes, "seed \(seed)")
        }
    }
}

@Suite("Segment classes")
struct SegmentClassesTests {
    @Test("the number of segments is that of the pieces of the elements")
    func count() {
        for count in 1..<40 {
            for length in 1..<9 {
                for first in 1...length {
                    var pieces = 0
                    var start = 0
                    while start < count {
                        start += pieces == 0 ? first : length
                        pieces += 1
                    }
                    let got = SegmentClasses.segmentCount(of: count, length: length, firstLength: first)
                    #expect(got == pieces, "\(count) elements, \(first), \(length)")
                }
            }
        }
    }

    @Test("no elements and no length have no segments")
    func none() {
        #expect(SegmentClasses.segmentCount(of: 0, length: 4, firstLength: 4) == 0)
        #expect(SegmentClasses.segmentCount(of: 9, length: 0, firstLength: 0) == 0)
    }

    @Test("lengths up to the largest number do not overflow", arguments: [1, Int.max])
    func largest(first: Int) {
        #expect(SegmentClasses.segmentCount(of: 9, length: .max, firstLength: first) == (first == 1 ? 2 : 1))
        let segments = SegmentClasses(classCount: 2, length: .max, firstLength: first, classes: [0, 1])
        let partition = ContextPartition(
            base: [1, 2, 3], count: 3, layout: ElementType.uint8.layout, segments: segments)
        #expect(partition.groups == (first == 1 ? [1, 2] : [3]))
    }
}
