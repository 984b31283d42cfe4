import TestSupport
import Testing

@testable import Kernels

/// The kernels in C give the bits of the portable ones.
///
/// Without the instructions there is nothing to compare.
@Suite(.enabled(if: VectorInstructions.areUsed, "the processor has no AVX2, or DELTAIC_PORTABLE_KERNELS is set"))
struct VectorInstructionsTests {
    private static let counts = [0, 1, 7, 8, 9, 63, 64, 100, 1003]

    /// Words of every kind: numbers of all sizes, zeros of both signs, infinities and NaN.
    private func words(_ count: Int, width: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var words = (0..<count * width).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for index in 0..<count where index % 5 == 3 {
            let special: [UInt8] = [
                [0, 0, 0, 0], [0, 0x80], [0x80, 0x7f], [0, 0x7c], [0xc0, 0xff], [1, 0],
            ][Int(random.next() % 6)]
            for byte in 0..<width { words[index * width + byte] = special.suffix(width).dropFirst(byte).first ?? 0 }
        }
        return words
    }

    private func values(_ count: Int, seed: UInt64, scale: Double = 1) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { $0 % 11 == 4 ? 0 : $0 % 13 == 5 ? -0.0 : Float(scale * random.normal()) }
    }

    private func sameBits(_ left: [Float], _ right: [Float]) -> Bool {
        left.map(\.bitPattern) == right.map(\.bitPattern)
    }

    @Test(arguments: FloatFormat.allCases, counts)
    func words(_ format: FloatFormat, _ count: Int) {
        let base = words(count, width: format.width, seed: 1)
        let tuned = words(count, width: format.width, seed: 2)
        #expect(sameBits(format.values(of: base), format.portableValues(of: base)))
        let (fast, slow) = (
            format.differences(of: tuned, from: base), format.portableDifferences(of: tuned, from: base)
        )
        #expect(sameBits(fast.base, slow.base))
        // NaN less NaN may be either of them.
        for (left, right) in zip(fast.differences, slow.differences) {
            #expect(left.bitPattern == right.bitPattern || left.isNaN && right.isNaN)
        }
        #expect(fast.areFinite == slow.areFinite)
        for scale in [1e-4, 1, 1e5, 1e38] {
            let delta = values(count, seed: 3, scale: scale)
            let numbers = format.words(of: values(count, seed: 4))
            #expect(format.sum(base: numbers, delta: delta) == format.portableSum(base: numbers, delta: delta))
        }
        #expect(
            format.words(of: values(count, seed: 5))
                == format.portableSum(
                    base: [UInt8](repeating: 0, count: count * format.width), delta: values(count, seed: 5)))
    }

    @Test(arguments: FloatFormat.allCases)
    func infinityAndNaNAreFound(_ format: FloatFormat) {
        for position in [0, 3, 8, 64, 99] {
            for odd in [Float.infinity, -.infinity, .nan] {
                var tuned = values(100, seed: 6)
                let base = format.words(of: values(100, seed: 7))
                #expect(format.differences(of: format.words(of: tuned), from: base).areFinite)
                tuned[position] = odd
                #expect(!format.differences(of: format.words(of: tuned), from: base).areFinite)
            }
        }
    }

    @Test(arguments: counts.dropFirst())
    func sums(_ count: Int) {
        let (base, delta, found) = (values(count, seed: 1), values(count, seed: 2), values(count, seed: 3))
        base.withUnsafeBufferPointer { base in
            delta.withUnsafeBufferPointer { delta in
                found.withUnsafeBufferPointer { found in
                    #expect(
                        DeltaSums(base: base, delta: delta, isVectorised: true)
                            == DeltaSums(base: base, delta: delta, isVectorised: false))
                    #expect(
                        ErrorSums(base: base, delta: delta, found: found, isVectorised: true)
                            == ErrorSums(base: base, delta: delta, found: found, isVectorised: false))
                    #expect(
                        SquareSum.sum(delta, isVectorised: true) == SquareSum.sum(delta, isVectorised: false))
                }
            }
        }
    }

    @Test func sumsAreRight() {
        let (base, delta, found): ([Float], [Float], [Float]) = (
            [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 0, -1, 2, -0.0, 0.5, 0, -3, 4], [2, 2, 4, 5, 5, 6, 6, 4, 13]
        )
        base.withUnsafeBufferPointer { base in
            delta.withUnsafeBufferPointer { delta in
                let sums = DeltaSums(base: base, delta: delta)
                #expect(sums.sum == 3.5 && sums.absoluteSum == 11.5 && sums.squareSum == 31.25)
                #expect(sums.weightSquareSum == 358.25 && sums.baseProduct == 21 && sums.baseSquareSum == 285)
                #expect(sums.nonzero == 6 && sums.minimum == -3 && sums.maximum == 4)
                found.withUnsafeBufferPointer { found in
                    // The changes are 1, 0, 1, 1, 0, 0, -1, -4, 4.
                    let errors = ErrorSums(base: base, delta: delta, found: found)
                    #expect(errors.changed == 6 && errors.sameSign == 4)
                    #expect(errors.deltaSquares == 31.25 && errors.reconstructedSquares == 36)
                    #expect(errors.product == 30 && errors.errorSquares == 7.25 && errors.weightSquares == 358.25)
                }
            }
        }
    }

    @Test(arguments: counts)
    func randomWords(_ count: Int) {
        let generator = CounterGenerator(key: 0x0123_4567_89ab_cdef, domain: 77)
        for first in [0, 5, UInt64(UInt32.max) - 3] {
            var words = ([UInt32](repeating: 1, count: count), [UInt32](repeating: 2, count: count))
            words.0.withUnsafeMutableBufferPointer { generator.fill($0, fromBlock: first) }
            words.1.withUnsafeMutableBufferPointer { generator.portableFill($0, fromBlock: first) }
            #expect(words.0 == words.1)
            for threshold: UInt16 in [1, 100, 40_000, 65_535] {
                var masks = ([UInt8](repeating: 1, count: count), [UInt8](repeating: 2, count: count))
                masks.0.withUnsafeMutableBufferPointer {
                    generator.keepMasks($0, fromBlock: first, threshold: threshold)
                }
                masks.1.withUnsafeMutableBufferPointer {
                    generator.portableKeepMasks($0, fromBlock: first, threshold: threshold)
                }
                #expect(masks.0 == masks.1)
            }
        }
    }

    @Test(arguments: 0...12)
    func hadamardSearches(_ exponent: Int) {
        var random = SeededGenerator(seed: 9)
        for maskBits in [0, 1, 2] {
            let masks = (1..<1 << maskBits).map { _ in
                (0..<max(1, 1 << exponent / 32)).map { _ in UInt32(truncatingIfNeeded: random.next()) }
            }
            let search = HadamardSearch(exponent: exponent, masks: masks)
            // Whole numbers, so that there are ties; three groups of lanes, some blocks and a part of one.
            let values = (0..<27 * search.length + search.length / 2).map { _ in Float(Int(random.next() % 9) - 4) }
            var codes: ([UInt32], [UInt32]) = ([], [])
            let sums = values.withUnsafeBufferPointer {
                (search.search($0, codes: &codes.0), search.portableSearch($0, codes: &codes.1))
            }
            #expect(codes.0 == codes.1 && sums.0 == sums.1)
        }
    }

    @Test(arguments: 3...12)
    func hadamardTransforms(_ exponent: Int) {
        let values = values(1 << exponent, seed: 10)
        var results = (values, values)
        results.0.withUnsafeMutableBufferPointer { HadamardRotation.apply($0, exponent: exponent) }
        results.1.withUnsafeMutableBufferPointer { values in
            values.baseAddress.map { HadamardRotation.portableTransform($0, values.count) }
        }
        #expect(sameBits(results.0, results.1))
    }

    @Test(arguments: counts)
    func signs(_ count: Int) {
        var random = SeededGenerator(seed: 11)
        let signs = (0..<count / 32 + 3).map { _ in UInt32(truncatingIfNeeded: random.next()) }
        let values = values(count, seed: 12)
        for start in [0, 32, 64] {
            var sums = (values, values)
            var products = (values, values)
            signs.withUnsafeBufferPointer { signs in
                sums.0.withUnsafeMutableBufferPointer { HadamardSigns.add(0.3, signs: signs, from: start, to: $0) }
                sums.1.withUnsafeMutableBufferPointer {
                    HadamardSigns.portableAdd(0.3, signs: signs, from: start, to: $0)
                }
                products.0.withUnsafeMutableBufferPointer { HadamardSigns.apply(signs, from: start, to: $0) }
                products.1.withUnsafeMutableBufferPointer { HadamardSigns.portableApply(signs, from: start, to: $0) }
            }
            #expect(sameBits(sums.0, sums.1) && sameBits(products.0, products.1))
        }
    }

    @Test(arguments: counts)
    func scaledSums(_ count: Int) {
        let steps = values(count, seed: 14)
        let values = values(count, seed: 15)
        var sums = (values, values)
        steps.withUnsafeBufferPointer { steps in
            sums.0.withUnsafeMutableBufferPointer { HadamardSigns.add(0.3, times: steps, to: $0) }
            sums.1.withUnsafeMutableBufferPointer { HadamardSigns.portableAdd(0.3, times: steps, to: $0) }
        }
        #expect(sameBits(sums.0, sums.1))
    }

    @Test(arguments: 1...8)
    func gridCodes(_ bits: Int) {
        let grid = UniformGrid(lowest: -1.5, highest: 1.25, bits: bits)
        let values = values(1003, seed: 13) + grid.levels
        #expect(grid.codes(of: values) == grid.portableCodes(of: values))
    }
}
