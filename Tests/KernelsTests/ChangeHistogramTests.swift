internal import Kernels
internal import TestSupport
internal import Testing

@Suite("Histograms of changes")
struct ChangeHistogramTests {
    private func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    private let values = WordValues(layout: WordLayout(width: 4, mantissaBits: 23), isSigned: false)

    @Test("every change is in the bin that it is in one by one", arguments: 1...4)
    func bins(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let old = (0..<2000).map { _ in Float(random.normal()) }
        let new = old.enumerated().map { index, value in
            index % 5 == 0 ? value : value + Float(random.normal()) * (index % 2 == 0 ? 1e-3 : 10)
        }
        let change = values.change(from: bytes(old), to: bytes(new), count: old.count)
        let bins = change.histogram.bins
        let differences = zip(old, new).filter { $0.bitPattern != $1.bitPattern }.map { Double($1) - Double($0) }
        #expect(bins.reduce(0) { $0 + $1.count } == differences.count && differences.count == change.changed)
        for bin in bins {
            #expect(bin.lower < bin.upper && bin.count > 0)
            // As it is counted: rounded to a float, and a bin takes its edge that is nearer to zero.
            let count = differences.filter { difference in
                let value = Double(Float(difference))
                return bin.lower >= 0
                    ? bin.lower <= value && value < bin.upper : bin.lower < value && value <= bin.upper
            }.count
            #expect(count == bin.count, "\(bin), seed \(seed)")
        }
        #expect(zip(bins, bins.dropFirst()).allSatisfy { $0.upper <= $1.lower })
        let steps = bins.filter { abs($0.lower) > 1e-30 }.map { abs($0.upper / $0.lower) }
        #expect(steps.allSatisfy { step in [1.5, 4.0 / 3, 1 / 1.5, 0.75].contains { abs(step - $0) < 1e-6 } })
    }

    @Test("the largest changes that there are have a bin with an end")
    func largest() {
        let change = values.change(from: bytes([-2e38, 3e38]), to: bytes([1.2e38, -1]), count: 2)
        let bins = change.histogram.bins
        #expect(bins.count == 2 && bins.allSatisfy { $0.lower.isFinite && $0.upper.isFinite && $0.lower < $0.upper })
    }

    @Test("what is no finite number is counted apart, and sums add up")
    func notFinite() {
        let old: [Float] = [1, 1, 1, .infinity, .nan, 0]
        let new: [Float] = [.infinity, -.infinity, .nan, 1, 1, -0.0]
        var change = values.change(from: bytes(old), to: bytes(new), count: old.count)
        #expect(change.histogram.notFinite == 5 && change.changed == 6)
        // From 0 to -0: a bit changed, and the value did not.
        #expect(change.histogram.bins.map(\.count) == [1] && change.histogram.bins[0].lower == 0)
        change.add(change)
        #expect(change.histogram.notFinite == 10)
    }
}
