internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs
@testable internal import DeltaicCore

/// A case of `Schema/vectors/lossy/factors.json`.
private struct FactorVector: Decodable {
    let name: String
    let kind: UInt8
    let dtype: String
    let columns: Int
    let firstElement: Int
    let elements: Int
    let base: String
    let shared: String
    let streams: [String]
    let decoded: String?
    let rule: String?

    static func read() throws -> (accepted: [FactorVector], refused: [FactorVector]) {
        let all = try JSONDecoder().decode(
            [String: [FactorVector]].self, from: Data(try VectorFolder.read("lossy/factors.json")))
        return (all["accepted"] ?? [], all["refused"] ?? [])
    }

    func decode(changing change: ([[UInt8]]) -> [[UInt8]] = { $0 }) throws(DeltaicError) -> [UInt8] {
        let bytes = HexText.decode(shared) ?? []
        let streams = change(streams.map { HexText.decode($0) ?? [] })
        let types: [String: ElementType] = ["F32": .float32, "F16": .float16, "BF16": .bfloat16]
        var table = ByteWriter()
        table.append([LossyChunk.payloadVersion])
        table.varint(elements)
        table.varint(columns)
        table.append([1, kind, UInt8(streams.count)])
        return try LossyChunk.decode(
            ([table.bytes] + streams).map { EncodedStream(encoding: .stored, rawLength: $0.count, bytes: $0) },
            shape: ChunkShape(type: types[dtype], elementCount: elements, firstElement: firstElement),
            base: HexText.decode(base) ?? [],
            shared: SharedTable(bytes: [(digest: try SharedTable.digest(of: bytes), bytes: bytes)]),
            coder: ZstdStream())
    }

    /// With other shared bytes, and the name that goes with them.
    func decode(shared bytes: [UInt8]) throws(DeltaicError) -> [UInt8] {
        let digest = try SharedTable.digest(of: bytes)
        let other = FactorVector(
            name: name, kind: kind, dtype: dtype, columns: columns, firstElement: firstElement, elements: elements,
            base: base, shared: HexText.encode(bytes), streams: streams, decoded: nil, rule: nil)
        return try other.decode { [digest.bytes] + $0.dropFirst() }
    }
}

@Suite("Factors and 2:4: examples that were computed apart")
struct FactorVectorTests {
    @Test("stored streams decode to the reference's words, every bit")
    func decoded() throws {
        let vectors = try FactorVector.read().accepted
        #expect(vectors.count >= 12)
        for vector in vectors {
            let found = try vector.decode()
            let expected = try #require(vector.decoded.flatMap { HexText.decode($0) })
            #expect(found == expected, "\(vector.name)")
        }
    }

    @Test("what breaks a rule is refused by that rule")
    func refused() throws {
        let vectors = try FactorVector.read().refused
        #expect(vectors.count >= 29)
        for vector in vectors {
            let error = #expect(throws: DeltaicError.self, "\(vector.rule ?? ""), \(vector.name)") {
                try vector.decode()
            }
            let rule = try #require(vector.rule)
            let isRefused = error?.description.contains(rule) == true || error?.code == .overBudget
            #expect(isRefused, "\(rule): \(error?.description ?? "")")
        }
    }

    @Test("damaged bytes are refused or decode to words, and none traps")
    func mutations() throws {
        var refused = 0
        let seed: UInt64 = 1401
        var generator = SeededGenerator(seed: seed)
        for vector in try FactorVector.read().accepted {
            let shared = HexText.decode(vector.shared) ?? []
            for trial in 0..<400 {
                do throws(DeltaicError) {
                    let raw: [UInt8]
                    if trial % 2 == 0, !shared.isEmpty {
                        raw = try vector.decode(shared: damaged(shared, &generator))
                    } else {
                        var streams: [[UInt8]] = []
                        raw = try vector.decode { old in
                            streams = old
                            let position = Int.random(in: 0..<old.count, using: &generator)
                            streams[position] = damaged(old[position], &generator)
                            return streams
                        }
                    }
                    #expect(raw.count == vector.base.count / 2, "seed \(seed), trial \(trial)")
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 1000)
    }

    private func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0..<3, using: &generator) where !bytes.isEmpty {
            // Headers matter most.
            let limit = Bool.random(using: &generator) ? min(bytes.count, 24) : bytes.count
            bytes[Int.random(in: 0..<limit, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes = Array(bytes.dropLast(Int.random(in: 1...4, using: &generator)))
        case 1: bytes.append(UInt8.random(in: 0...255, using: &generator))
        default: break
        }
        return bytes
    }
}
