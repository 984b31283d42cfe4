import DeltaCodecs
import DeltaicCore
import Foundation
import Kernels
import PackFormat
import Testing

/// `Schema/vectors/lossy/seeded-sign.json`, made by a decoder in Python that was written from the specification.
private struct SeededSignVectors: Decodable {
    struct Philox: Decodable {
        let counter: [UInt32]
        let key: [UInt32]
        let words: [UInt32]
    }

    struct Term: Decodable {
        let kind: String
        let streams: [String]
    }

    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let columns: Int
        let firstElement: Int
        let base: [UInt16]
        let terms: [Term]
        let words: [UInt16]

        var testDescription: String { name }
    }

    let philox: [Philox]
    let cases: [Case]

    static let all: SeededSignVectors = {
        let path = URL(filePath: #filePath).appending(path: "../../../../Schema/vectors/lossy/seeded-sign.json")
        do {
            return try JSONDecoder().decode(SeededSignVectors.self, from: Data(contentsOf: path.standardized))
        } catch {
            Issue.record("seeded-sign.json cannot be read: \(error)")
            return SeededSignVectors(philox: [], cases: [])
        }
    }()
}

@Suite struct SeededSignVectorTests {
    @Test func philoxGivesTheKnownAnswers() {
        #expect(
            CounterGenerator.philox(.zero, key: (0, 0)) == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        #expect(SeededSignVectors.all.philox.count == 3 && SeededSignVectors.all.cases.count == 8)
        for known in SeededSignVectors.all.philox {
            let counter = SIMD4(known.counter[0], known.counter[1], known.counter[2], known.counter[3])
            let words = CounterGenerator.philox(counter, key: (known.key[0], known.key[1]))
            #expect(known.words == [words.x, words.y, words.z, words.w])
        }
    }

    @Test func manyBlocksAtOnceAreTheSameWords() {
        let generator = CounterGenerator(key: 0x1234_5678_9ABC_DEF0, domain: 77)
        for (first, count) in [(UInt64(0), 1), (3, 64), (UInt64(UInt32.max) - 5, 131), (1 << 40, 200)] {
            var words = [UInt32](repeating: 0, count: count)
            words.withUnsafeMutableBufferPointer { generator.fill($0, fromBlock: first) }
            for index in words.indices {
                #expect(words[index] == generator.block(first + UInt64(index / 4))[index % 4])
            }
        }
    }

    @Test(arguments: SeededSignVectors.all.cases)
    private func aChunkDecodesToTheSameWords(_ vector: SeededSignVectors.Case) throws {
        let terms = try vector.terms.map { term in
            LossyTerm(
                kind: try #require(CodecID(name: term.kind)),
                streams: term.streams.map { text in
                    let stored = Self.decoded(text)
                    return EncodedStream(encoding: .stored, rawLength: stored.count, bytes: stored)
                })
        }
        let coder = ZstdStream()
        let streams = try LossyChunk.encode(
            terms, columns: vector.columns, common: vector.base.count, tail: [], type: .bfloat16, coder: coder)
        let raw = try LossyChunk.decode(
            streams,
            shape: ChunkShape(
                type: .bfloat16, elementCount: vector.base.count, firstElement: vector.firstElement),
            base: vector.base.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, shared: NoSharedBytes(), coder: coder)
        #expect(raw == vector.words.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    }

    private static func decoded(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
    }
}
