import TestSupport
import Testing

@testable import DeltaCodecs

@Suite struct SpectrumProbeTests {
    private static let (rows, columns) = (4096, 1024)
    private static let deviation = 1e-3

    /// Noise, and a direction whose square is `steepness` times what noise has in a column.
    private func tensor(steepness: Double, columns: Int = columns, rows: Int = rows) throws -> DeltaTensor {
        let size = Self.deviation * (steepness / Double(columns)).squareRoot()
        var source = SeededGenerator(seed: 3)
        let normals = (0..<65536).map { _ in source.normal() * Self.deviation }
        return try LossyTensor.make(rows: rows, columns: columns, seed: 4) { position, generator in
            let (row, column) = (position / columns, position % columns)
            let sign = ((row &* 7919) ^ (column &* 104_729)) >> 3 & 1 == 0 ? 1.0 : -1.0
            return normals[Int(generator.next() % 65536)] + (steepness > 0 ? size * sign : 0)
        }
    }

    @Test("of many chunks some are read, and the estimate is that of all", arguments: [8.0, 30])
    func steep(_ steepness: Double) throws {
        let tensor = try tensor(steepness: steepness)
        #expect(tensor.chunkCount == 8)
        let estimate = try #require(try SpectrumProbe(tensor)).largestSquare
        let all = try #require(try SingularValues(of: try tensor.matrix(), rank: 1, seed: 1).values.first)
        #expect(abs(estimate / Double(all * all) - 1) < 0.1, "\(estimate), \(all * all)")
    }

    @Test("noise alone shows no direction that would be worth its bits")
    func noise() throws {
        let tensor = try tensor(steepness: 0)
        let edge = Double(Self.rows).squareRoot() + Double(Self.columns).squareRoot()
        #expect(
            try #require(try SpectrumProbe(tensor)).largestSquare < 1.1 * edge * edge * Self.deviation * Self.deviation)
    }

    @Test("a small matrix is read whole, zeros have nothing to show")
    func small() throws {
        let tensor = try tensor(steepness: 10, columns: 96, rows: 128)
        let estimate = try #require(try SpectrumProbe(tensor)).largestSquare
        let all = try #require(try SingularValues(full: try tensor.matrix()).values.first)
        #expect(abs(estimate / Double(all * all) - 1) < 0.02)
        #expect(try SpectrumProbe(try LossyTensor.of([Float](repeating: 0, count: 64 * 64), columns: 64)) == nil)
    }
}
