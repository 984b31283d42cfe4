internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@testable import DeltaCodecs

@Suite("Damaged lossy chunks")
struct LossyMutationTests {
    @Test(
        "mutations are refused or decode to the right number of bytes, and none traps",
        arguments: LossySettings.all.indices)
    func mutations(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        let seed = 900 + UInt64(index)
        var generator = SeededGenerator(seed: seed)
        let tensor = try LossyTensor.gaussian(.bfloat16, rows: 50, columns: 63, deviation: 0.01, seed: seed)
        let run = try LossyRun(codec, settings, tensor)
        let base = try tensor.chunk(0).baseWords
        var refused = 0
        for trial in 0..<1500 {
            let streams = try StreamMutation.mutate(run.chunks[0].streams, using: &generator)
            do throws(DeltaicError) {
                let raw = try LossyChunk.decode(
                    streams, shape: run.shapes[0], base: base, shared: NoSharedBytes(), coder: ZstdStream())
                #expect(raw.count == base.count, "trial \(trial), seed \(seed)")
            } catch {
                refused += 1
            }
        }
        #expect(refused > 300 && refused < 1500)
    }

    @Test("a stream that declares far too much is refused before it is made", arguments: LossySettings.all.indices)
    func budget(index: Int) throws {
        let (codec, settings) = LossySettings.all[index]
        let tensor = try LossyTensor.gaussian(rows: 50, columns: 63, seed: 60)
        let run = try LossyRun(codec, settings, tensor)
        for position in run.chunks[0].streams.indices {
            for encoding in [EncodedStream.Encoding.stored, .zstd, .constant] {
                var streams = run.chunks[0].streams
                streams[position] = EncodedStream(encoding: encoding, rawLength: 1 << 50, bytes: [0])
                let error = #expect(throws: DeltaicError.self) {
                    try LossyChunk.decode(
                        streams, shape: run.shapes[0], base: try tensor.chunk(0).baseWords, shared: NoSharedBytes(),
                        coder: ZstdStream())
                }
                #expect([.overBudget, .malformedChunk].contains(error?.code))
            }
        }
    }

    @Test("parameters that no writer writes are refused by their rule")
    func rules() throws {
        func decode(_ kind: CodecID, _ parameters: [UInt8], _ others: [[UInt8]] = [[]]) -> String {
            let streams = [EncodedStream.stored(parameters)] + others.map { EncodedStream.stored($0) }
            var table = ByteWriter()
            table.append([1])
            table.varint(4)
            table.varint(2)
            table.append([1, kind.number, UInt8(streams.count)])
            do throws(DeltaicError) {
                _ = try LossyChunk.decode(
                    [.stored(table.bytes)] + streams, shape: ChunkShape(type: .float32, elementCount: 4),
                    base: [UInt8](repeating: 0, count: 16), shared: NoSharedBytes(), coder: PlainStreams())
                return "decoded"
            } catch {
                return error.description
            }
        }
        let four = [UInt8](repeating: 0, count: 4)
        let eight = [UInt8](repeating: 0, count: 8)
        let cases: [(String, CodecID, [UInt8], [[UInt8]])] = [
            ("C-60", .bitDelta, [0, 1] + four, []), ("C-61", .bitDelta, [4, 1] + four, [[0]]),
            ("C-62", .bitDelta, [0, 0], [[0]]), ("C-62", .bitDelta, [0, 9] + four, [[0]]),
            ("C-63", .bitDelta, [0, 2] + four, [[0]]), ("C-63", .bitDelta, [1, 1, 0, 0], [[0]]),
            ("C-64", .bitDelta, [0, 1] + four, [[0, 0]]),
            ("C-55", .bitDelta, [3, 1] + eight + eight + eight + eight, [[0]]),
            ("C-70", .dare, [1, 0] + four, [[]]), ("C-71", .dare, [2, 0] + four, [[]]),
            ("C-72", .dare, [0, 3] + four, [[]]), ("C-73", .dare, [0, 0] + four + eight + [0x81, 0x80, 4], [[]]),
            ("C-74", .dare, [1, 0] + four + [0], [[0, 0, 1], []]),
            ("C-75", .dare, [0, 0] + four + eight + [0x80, 0x80, 4], [[0, 0]]),
            ("C-57", .dare, [1, 0] + four, [[2, 0, 1], []]), ("C-57", .dare, [1, 0] + four, [[0, 5, 1], []]),
            ("C-57", .dare, [1, 0] + four, [[0, 0, 0], []]), ("C-57", .dare, [1, 0] + four, [[0, 0, 1, 0], []]),
            ("C-57", .dare, [1, 0] + four, [[0, 1, 1, 15], []]), ("C-80", .deltaDQ, eight + [1, 1, 4] + eight, []),
            ("C-81", .deltaDQ, eight + [0, 1, 4] + eight, [[]]), ("C-81", .deltaDQ, eight + [1, 0, 4] + eight, [[]]),
            ("C-82", .deltaDQ, eight + [1, 1, 9] + eight, [[]]),
            ("C-83", .deltaDQ, eight + [1, 1, 4, 0] + eight, [[]]),
            ("C-84", .deltaDQ, eight + [1, 1, 4] + eight, [[0]]), ("C-90", .ultraDelta, [2] + four, [[]]),
            ("C-91", .ultraDelta, [3] + four, [[]]), ("C-92", .ultraDelta, [0, 0, 0], [[]]),
            ("C-93", .ultraDelta, [0, 4, 2], [[]]), ("C-95", .ultraDelta, [2, 0] + four, []),
            ("C-94", .ultraDelta, [0, 4, 0] + four + eight + eight + [0x81, 0x80, 4], [[]]),
            ("C-96", .ultraDelta, [0, 4, 0] + four + eight + eight + [0x80, 0x80, 4], [[0]]),
            ("C-97", .ultraDelta, [0, 2, 1] + four + eight + eight + [0x80, 0x80, 4], [[0, 1, 4, 0]]),
        ]
        for (rule, kind, parameters, others) in cases {
            let found = decode(kind, parameters, others)
            #expect(found.contains(rule), "\(rule): \(found)")
        }
    }
}
