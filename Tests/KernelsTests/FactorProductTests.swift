internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import Kernels

@Suite("Factor product")
struct FactorProductTests {
    private struct Case: Decodable {
        let name: String
        let rows: Int
        let rank: Int
        let columns: Int
        let left: [UInt32]
        let right: [UInt32]
        let before: [UInt32]
        let after: [UInt32]
    }

    private func cases() throws -> [Case] {
        let path = URL(filePath: #filePath).appending(path: "../../../Schema/vectors/lossy/factor-product.json")
        return try JSONDecoder().decode([String: [Case]].self, from: Data(contentsOf: path.standardized))["cases"] ?? []
    }

    private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

    @Test("worked examples come out bit for bit, fast and plain")
    func workedExamples() throws {
        let cases = try cases()
        #expect(cases.count >= 7)
        for example in cases {
            let left = example.left.map(Float.init(bitPattern:))
            let right = example.right.map(Float.init(bitPattern:))
            var fast = example.before.map(Float.init(bitPattern:))
            var plain = fast
            FactorProduct.add(
                left: left, right: right, rank: example.rank, rows: 0..<example.rows, columns: example.columns,
                to: &fast)
            FactorProduct.addPlain(
                left: left, right: right, rank: example.rank, rows: 0..<example.rows, columns: example.columns,
                to: &plain)
            #expect(bits(fast) == example.after, "\(example.name)")
            #expect(bits(plain) == example.after, "\(example.name)")
        }
    }

    /// Values of all magnitudes whose products and sums of a thousand are finite.
    private func wild(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in
            let exponent = Int.random(in: -75...40, using: &generator)
            return Float(generator.normal()) * Float(sign: .plus, exponent: exponent, significand: 1)
        }
    }

    @Test("fast and plain agree bit for bit for every shape", arguments: [0, 1, 2, 3, 31, 300])
    func agreement(rank: Int) {
        let seed = 4100 + UInt64(rank)
        var generator = SeededGenerator(seed: seed)
        for rows in [0, 1, 2, 5, 8] {
            for columns in [0, 1, 15, 16, 17, 33, 250] {
                let left = wild(rows * rank, using: &generator)
                let right = wild(rank * columns, using: &generator)
                let before = wild(rows * columns, using: &generator)
                var fast = before
                var plain = before
                FactorProduct.add(
                    left: left, right: right, rank: rank, rows: 0..<rows, columns: columns, to: &fast)
                FactorProduct.addPlain(
                    left: left, right: right, rank: rank, rows: 0..<rows, columns: columns, to: &plain)
                #expect(bits(fast) == bits(plain), "\(rows) x \(rank) x \(columns), seed \(seed)")
                if rank == 0 { #expect(bits(fast) == bits(before)) }
            }
        }
    }

    @Test("panels that do not all fit the cache at once change nothing")
    func manyPanels() {
        var generator = SeededGenerator(seed: 4200)
        let (rows, rank, columns) = (3, 1500, 200)
        let left = wild(rows * rank, using: &generator)
        let right = wild(rank * columns, using: &generator)
        var fast = [Float](repeating: 0.5, count: rows * columns)
        var plain = fast
        FactorProduct.add(left: left, right: right, rank: rank, rows: 0..<rows, columns: columns, to: &fast)
        FactorProduct.addPlain(left: left, right: right, rank: rank, rows: 0..<rows, columns: columns, to: &plain)
        #expect(bits(fast) == bits(plain), "seed 4200")
    }

    @Test("rows may be divided between calls in any way")
    func divided() {
        var generator = SeededGenerator(seed: 4300)
        let (rows, rank, columns) = (11, 7, 37)
        let left = wild(rows * rank, using: &generator)
        let right = wild(rank * columns, using: &generator)
        let before = wild(rows * columns, using: &generator)
        var whole = before
        FactorProduct.add(left: left, right: right, rank: rank, rows: 0..<rows, columns: columns, to: &whole)
        for cut in 0...rows {
            var parts: [Float] = []
            for part in [0..<cut, cut..<rows] {
                var some = Array(before[part.lowerBound * columns..<part.upperBound * columns])
                FactorProduct.add(left: left, right: right, rank: rank, rows: part, columns: columns, to: &some)
                parts += some
            }
            #expect(bits(parts) == bits(whole), "cut at \(cut), seed 4300")
        }
    }

    @Test("infinities and what is not a number stay where they belong")
    func notFinite() {
        var fast = [Float](repeating: 1, count: 3 * 20)
        var plain = fast
        let left: [Float] = [1, .infinity, .nan]
        let right = (0..<20).map { Float($0) - 3 }
        FactorProduct.add(left: left, right: right, rank: 1, rows: 0..<3, columns: 20, to: &fast)
        FactorProduct.addPlain(left: left, right: right, rank: 1, rows: 0..<3, columns: 20, to: &plain)
        #expect(zip(fast, plain).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
        #expect(fast[20] == -.infinity && fast[23].isNaN && fast[39] == .infinity && fast[40].isNaN)
    }
}
