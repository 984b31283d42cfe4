internal import DeltaicCore
internal import Kernels
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

@Suite("deltadq")
struct DeltaDQTests {
    private func settings(_ alpha: Int, _ group: Int, bits: Int = 4) -> CodecSettings {
        ["alpha": .number(Double(alpha)), "group": .number(Double(group)), "bits": .number(Double(bits))]
    }

    @Test(
        "every full group keeps exactly h / alpha, the last what rounding gives",
        arguments: [(8, 8, 64), (8, 32, 100), (4, 16, 30), (5, 10, 13), (2, 64, 7), (16, 16, 1000), (1, 1, 9)])
    func groups(alpha: Int, group: Int, columns: Int) throws {
        // 40 rows of 1,000 and more do not straddle; the mask's own test cuts it anywhere.
        let mask = GroupMask(key: 12, domain: 18, columns: columns, group: group, alpha: alpha)
        let rows = 40
        var isKept = [Bool](repeating: false, count: rows * columns)
        for position in mask.positions(in: 0..<rows * columns) { isKept[Int(position)] = true }
        for row in 0..<rows {
            for start in stride(from: 0, to: columns, by: group) {
                let length = min(group, columns - start)
                let kept = isKept[row * columns + start..<row * columns + start + length].count { $0 }
                #expect(kept == (length == group ? group / alpha : (2 * length + alpha) / (2 * alpha)))
            }
        }
    }

    @Test("every element of a group is kept as often as any other")
    func uniform() {
        let rows = 20_000
        let mask = GroupMask(key: 13, domain: 18, columns: 16, group: 16, alpha: 4)
        var counts = [Int](repeating: 0, count: 16)
        for position in mask.positions(in: 0..<rows * 16) { counts[Int(position) % 16] += 1 }
        for count in counts {
            #expect(abs(Double(count) - 5000) < 4.5 * (5000 * 0.75).squareRoot(), "key 13")
        }
    }

    @Test("values of the last, shorter group are multiplied with one over what it really keeps")
    func shortGroups() throws {
        // Rows of 10: a group of 8 keeps 2 of it, the last of 2 keeps round(2 / 4) = 1.
        let tensor = try LossyTensor.of([Float](repeating: 1, count: 100), columns: 10)
        let run = try LossyRun(.deltaDQ, settings(4, 8), tensor)
        for row in 0..<10 {
            let values = run.values[10 * row..<10 * row + 10]
            #expect(values.prefix(8).filter { $0 != 0 } == [4, 4])
            #expect(values.suffix(2).filter { $0 != 0 } == [2])
        }
        // Rows that are shorter than half of alpha keep nothing.
        let none = try LossyRun(.deltaDQ, settings(32, 32), tensor)
        #expect(none.values.allSatisfy { $0 == 0 })
        #expect(none.chunks[0].streams.count == 1)
    }

    @Test("equal survivors are one value, and their codes one byte")
    func constant() throws {
        let tensor = try LossyTensor.of([Float](repeating: -0.3, count: 6400), columns: 64)
        let run = try LossyRun(.deltaDQ, settings(8, 16), tensor)
        #expect(Set(run.values) == [0, Float(-0.3) * 8])
        #expect(run.chunks[0].storedBytes < 60)
        let zero = try LossyRun(.deltaDQ, settings(8, 16), try LossyTensor.of([Float](repeating: 0, count: 64)))
        #expect(zero.chunks[0].streams.count == 1)
    }

    @Test("codes come back from m parts, and one part is plain quantization", arguments: 1...8)
    func parts(bits: Int) {
        var generator = SeededGenerator(seed: 14)
        let codes = (0..<999).map { _ in UInt8(generator.next() % (1 << UInt64(bits))) }
        for log in 0...bits {
            let split = SeparateQuantization(codes: codes, bits: bits, parts: 1 << log)
            #expect(split.joined == codes)
            #expect(split.storedBits == bits - log)
            #expect(split.parts.count == 1 << log)
            #expect(split.parts.allSatisfy { $0.codes.allSatisfy { Int($0) < 1 << (bits - log) } })
            #expect(split.parts.reduce(0) { $0 + $1.positions.count } == codes.count)
        }
        let plain = SeparateQuantization(codes: codes, bits: bits, parts: 1)
        #expect(plain.parts[0].codes == codes && plain.parts[0].offset == 0)
        // Parts may be empty.
        let low = SeparateQuantization(codes: [0, 0, 0], bits: bits, parts: 1 << bits)
        #expect(low.joined == [0, 0, 0] && low.parts.dropFirst().allSatisfy(\.positions.isEmpty))
    }

    @Test("the quoted ratio is not the true one")
    func ratios() throws {
        let rows: [(Int, Int, Int, Double?, Double, Double)] = [
            (8, 4, 8, 128, 7.5, 32), (16, 4, 8, 256, 15.1, 64), (32, 4, 8, 512, 30.1, 128), (8, 4, 16, nil, 8, 32),
            (8, 4, 1, 32, 6.4, 32),
        ]
        for (alpha, bits, parts, quoted, indexed, stored) in rows {
            let ratios = DeltaDQRatios(alpha: alpha, bits: bits, parts: parts)
            #expect(ratios.quoted == quoted)
            #expect(abs(ratios.indexed / indexed - 1) < 0.01)
            #expect(ratios.stored == stored)
        }
        var reader = SettingsReader(["parts": .number(8)], codec: .deltaDQ)
        #expect(try DeltaDQMethod(&reader).ratios == DeltaDQRatios(alpha: 8, bits: 4, parts: 8))
    }

    @Test("settings that contradict each other are refused")
    func badSettings() throws {
        for bad: CodecSettings in [
            settings(8, 12), ["alpha": .number(0)], ["bits": .number(9)], ["parts": .number(3)],
            ["bits": .number(2), "parts": .number(8)], ["group": .number(12)],
        ] {
            let tensor = try LossyTensor.of([1, 2, 3, 4])
            let error = #expect(throws: DeltaicError.self) { try LossyRun(.deltaDQ, bad, tensor) }
            #expect(error?.code == .badSettings, "\(bad)")
        }
    }

    @Test("a group size is chosen by the error of the scores")
    func chosenGroup() throws {
        let tensor = try LossyTensor.gaussian(rows: 64, columns: 256, seed: 15)
        let probe = try GroupSizeProbe(tensor)
        let candidates = GroupSizeProbe.candidates(alpha: 8, columns: 256)
        #expect(candidates == [8, 16, 32, 64, 128, 256])
        let errors = candidates.map { probe.scoreError(group: $0, alpha: 8) }
        let best = try #require(zip(errors, candidates).min { $0.0 < $1.0 }).1
        let plan = try MethodTable.method(.deltaDQ, settings: [:]).plan([tensor], goal: .settings)[0]
        #expect((plan.codec as? DeltaDQCodec)?.group == best)
        #expect(GroupSizeProbe.candidates(alpha: 8, columns: 3) == [8])
        // Nothing dropped, nothing changed.
        #expect(probe.scoreError(group: 1, alpha: 1) < 1e-6)
    }

    @Test(
        "what is planned is what comes, where rows straddle chunks too", arguments: [(8, 4), (3, 8), (20, 2), (1, 4)])
    func plans(alpha: Int, bits: Int) throws {
        let tensor = try LossyTensor.gaussian(rows: 700, columns: 1000, seed: 16)
        let settings: CodecSettings = ["alpha": .number(Double(alpha)), "bits": .number(Double(bits))]
        let run = try LossyRun(.deltaDQ, settings, tensor)
        #expect(run.chunks.count == 2)
        #expect(abs(run.bitsPerWeight(tensor) / run.plan.bitsPerWeight - 1) < 1e-3)
        let planned = try #require(run.plan.relativeNoise)
        #expect(abs(run.noise / planned - 1) < 0.06)
        #expect(try run.decoded(tensor) == run.reconstructed)
    }

    @Test("goals are met")
    func goals() throws {
        let tensor = try LossyTensor.gaussian(rows: 512, columns: 1000, seed: 17)
        for bits in [0.1, 0.3, 0.55, 2.2, 4.1] {
            let run = try LossyRun(.deltaDQ, goal: .bitsPerWeight(bits), tensor)
            let found = run.bitsPerWeight(tensor)
            // alpha is a whole number.
            let alpha = Double(try #require(run.plan.codec as? DeltaDQCodec).alpha)
            #expect(found <= bits && found > 0.97 * 4 / alpha)
            #expect(alpha == 1 || 4 / (alpha - 1) > 0.98 * bits)
        }
        let fixed = try LossyRun(.deltaDQ, ["group": .number(64)], goal: .bitsPerWeight(0.3), tensor)
        #expect((fixed.plan.codec as? DeltaDQCodec)?.alpha == 16)
        let run = try LossyRun(.deltaDQ, goal: .relativeError(0.3), tensor)
        let found = try #require(run.result.quality.relativeError)
        #expect(found < 0.3 * 1.02 && found > 0.24)
        for goal in [RateGoal.bitsPerWeight(1e-4), .relativeError(1e-5)] {
            let error = #expect(throws: DeltaicError.self) { try LossyRun(.deltaDQ, goal: goal, tensor) }
            #expect(error?.code == .unreachable)
        }
    }
}
