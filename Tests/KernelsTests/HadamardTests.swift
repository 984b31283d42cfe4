import TestSupport
import Testing

@testable import Kernels

@Suite struct HadamardTests {
    /// The search as it is defined: all products, one by one.
    private func slowSearch(_ block: [Float], exponent: Int, masks: [[UInt32]]) -> (code: UInt32, product: Double) {
        var best = (code: UInt32(0), product: -1.0)
        for mask in 0...masks.count {
            for row in 0..<1 << exponent {
                var product = 0.0
                for (index, value) in block.enumerated() {
                    var sign = (row & index).nonzeroBitCount & 1
                    if mask > 0 { sign ^= Int((masks[mask - 1][index >> 5] >> UInt32(index & 31)) & 1) }
                    product += sign == 0 ? Double(value) : -Double(value)
                }
                if abs(product) > best.product {
                    best = (UInt32(mask << (exponent + 1) | row << 1 | (product < 0 ? 1 : 0)), abs(product))
                }
            }
        }
        return best
    }

    @Test(arguments: [0, 1, 3, 5, 6, 8])
    func theSearchFindsTheBestCodeword(_ exponent: Int) {
        var random = SeededGenerator(seed: UInt64(exponent) + 1)
        let masks = (0..<(exponent > 2 ? 3 : 0)).map { _ in
            (0..<max(1, 1 << exponent / 32)).map { _ in UInt32(truncatingIfNeeded: random.next()) }
        }
        let length = 1 << exponent
        // Twenty blocks and a half: more than one group of lanes, and a block that is filled up.
        let values = (0..<20 * length + length / 2).map { _ in Float(random.normal()) }
        var codes: [UInt32] = []
        let search = HadamardSearch(exponent: exponent, masks: masks)
        let sum = values.withUnsafeBufferPointer { search.search($0, codes: &codes) }
        var expected = 0.0
        for (block, start) in stride(from: 0, to: values.count, by: length).enumerated() {
            let best = slowSearch(
                Array(values[start..<min(start + length, values.count)]), exponent: exponent, masks: masks)
            expected += best.product
            #expect(codes[block] == best.code)
        }
        #expect(abs(sum - expected) < 1e-3 * expected)
    }

    @Test(arguments: [0, 2, 4, 6, 8, 12])
    func aRotationIsItsOwnInverse(_ exponent: Int) {
        var random = SeededGenerator(seed: 5)
        let values = (0..<9000).map { _ in Float(Int(random.next() % 7) - 3) }
        var turned = values
        turned.withUnsafeMutableBufferPointer {
            HadamardRotation.apply($0, exponent: exponent)
            HadamardRotation.apply($0, exponent: exponent)
        }
        #expect(turned == values.map { $0 * Float(1 << exponent) })
    }

    @Test func signsAreAddedFromAnyBit() {
        var random = SeededGenerator(seed: 6)
        let signs = (0..<40).map { _ in UInt32(truncatingIfNeeded: random.next()) }
        for start in [0, 1, 31, 32, 77] {
            var values = (0..<1003).map { Float($0) }
            let before = values
            signs.withUnsafeBufferPointer { signs in
                values.withUnsafeMutableBufferPointer { HadamardSigns.add(0.5, signs: signs, from: start, to: $0) }
            }
            for index in values.indices {
                let bit = (signs[(start + index) / 32] >> UInt32((start + index) % 32)) & 1
                #expect(values[index] == before[index] + (bit == 0 ? 0.5 : -0.5))
            }
        }
    }
}
