internal import Foundation
internal import Kernels
internal import Testing

/// `Schema/vectors/lossy/generator.json`.
private struct GeneratorVectors: Decodable {
    struct Known: Decodable {
        let counter: [UInt32]
        let key: [UInt32]
        let words: [UInt32]
    }
    struct Mask: Decodable {
        let key: String
        let domain: UInt32
        let threshold: Int
        let first: Int
        let count: Int
        let positions: [UInt32]
    }
    struct Group: Decodable {
        let key: String
        let columns: Int
        let group: Int
        let alpha: Int
        let first: Int
        let count: Int
        let positions: [UInt32]
    }
    struct Golomb: Decodable {
        let positions: [UInt32]
        let end: Int
        let parameter: Int
        let bytes: String
    }

    let known: [Known]
    let masks: [Mask]
    let groups: [Group]
    let golomb: [Golomb]

    static func read() throws -> GeneratorVectors {
        try JSONDecoder().decode(
            Self.self, from: Data(try VectorFolder.read("lossy/generator.json")))
    }
}

@Suite("Masks and positions as the specification has them")
struct GeneratorVectorTests {
    @Test("the generator gives the known answers")
    func knownAnswers() throws {
        for vector in try GeneratorVectors.read().known {
            let counter = SIMD4(vector.counter[0], vector.counter[1], vector.counter[2], vector.counter[3])
            let words = CounterGenerator.philox(counter, key: (vector.key[0], vector.key[1]))
            #expect((0..<4).map { words[$0] } == vector.words)
        }
    }

    @Test("many blocks at a time are the same as one by one", arguments: [0, 1, 7, 0xffff_ffff, 1 << 40] as [UInt64])
    func fill(first: UInt64) {
        let generator = CounterGenerator(key: 0x0123_4567_89ab_cdef, domain: 5)
        var words = [UInt32](repeating: 0, count: 203)
        words.withUnsafeMutableBufferPointer { generator.fill($0, fromBlock: first) }
        let expected = (0..<203).map { generator.block(first + UInt64($0 / 4))[$0 % 4] }
        #expect(words == expected)
    }

    @Test("seeded masks keep the elements that the specification says")
    func masks() throws {
        for vector in try GeneratorVectors.read().masks {
            let mask = SeededMask(
                key: try #require(UInt64(vector.key)), domain: vector.domain, threshold: vector.threshold)
            #expect(mask.positions(in: vector.first..<vector.first + vector.count) == vector.positions)
        }
    }

    @Test("group masks keep the elements that the specification says")
    func groups() throws {
        for vector in try GeneratorVectors.read().groups {
            let mask = GroupMask(
                key: try #require(UInt64(vector.key)), domain: 18, columns: vector.columns, group: vector.group,
                alpha: vector.alpha)
            #expect(mask.positions(in: vector.first..<vector.first + vector.count) == vector.positions, "\(vector)")
        }
    }

    @Test("masks do not depend on where a part of the tensor begins")
    func parts() {
        let seeded = SeededMask(key: 3, domain: 1, threshold: 9000)
        let group = GroupMask(key: 3, domain: 1, columns: 97, group: 24, alpha: 8)
        let whole = 0..<5000
        for cut in [1, 8, 63, 64, 97, 1000, 4999] {
            let parts = [0..<cut, cut..<5000]
            func joined(_ positions: (Range<Int>) -> [UInt32]) -> [UInt32] {
                parts.flatMap { part in positions(part).map { $0 + UInt32(part.lowerBound) } }
            }
            #expect(joined(seeded.positions) == seeded.positions(in: whole), "cut at \(cut)")
            #expect(joined(group.positions) == group.positions(in: whole), "cut at \(cut)")
        }
    }

    @Test("Golomb codes are those of the specification, and come back")
    func golomb() throws {
        for vector in try GeneratorVectors.read().golomb {
            let bytes = GolombGaps.encode(vector.positions, parameter: vector.parameter)
            #expect(bytes.map { String(format: "%02x", $0) }.joined() == vector.bytes, "\(vector)")
            #expect((GolombGaps.bitCount(vector.positions, parameter: vector.parameter) + 7) / 8 == bytes.count)
            let decoded = GolombGaps.decode(
                bytes, count: vector.positions.count, parameter: vector.parameter, end: vector.end)
            #expect(decoded == vector.positions, "\(vector)")
            if let last = vector.positions.last {
                let tooFar = GolombGaps.decode(
                    bytes, count: vector.positions.count, parameter: vector.parameter, end: Int(last))
                #expect(tooFar == nil)
                #expect(
                    GolombGaps.decode(
                        bytes.dropLast(1), count: vector.positions.count, parameter: vector.parameter, end: vector.end)
                        == nil)
            }
            let tooLong = GolombGaps.decode(
                bytes + [0], count: vector.positions.count, parameter: vector.parameter, end: vector.end)
            #expect(tooLong == nil)
        }
    }

    @Test(
        "positions take within 1 % of their entropy",
        arguments: [0.9, 0.95, 0.97, 0.99, 0.995, 0.997])
    func entropy(sparsity: Double) {
        let count = 4 << 20
        let density = 1 - sparsity
        let threshold = Int((density * 65536).rounded())
        let real = Double(threshold) / 65536
        let positions = SeededMask(key: 11, domain: 0, threshold: threshold).positions(in: 0..<count)
        let parameter = GolombGaps.parameter(density: real)
        let bits = Double(GolombGaps.bitCount(positions, parameter: parameter)) / Double(count)
        let entropy = -real * log2(real) - (1 - real) * log2(1 - real)
        #expect(bits < 1.01 * entropy, "\(bits) of \(entropy)")
        let expected = GolombGaps.expectedBits(density: real, parameter: parameter) * real
        #expect(abs(bits / expected - 1) < 0.01)
    }

    @Test("the parameter is that of the table in the literature")
    func parameter() {
        // ceil(-ln(2 - d) / ln(1 - d))
        for density in [0.9, 0.5, 0.4, 0.3, 0.1, 0.03, 0.01, 0.001] {
            let expected = Int((-log(2 - density) / log(1 - density)).rounded(.up))
            #expect(GolombGaps.parameter(density: density) == max(1, expected), "\(density)")
        }
        #expect(GolombGaps.parameter(density: 1) == 1)
        #expect(GolombGaps.parameter(density: 0) == GolombGaps.parameterLimit)
    }
}
