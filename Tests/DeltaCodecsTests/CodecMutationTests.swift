internal import DeltaCodecs
internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Damaged streams")
struct CodecMutationTests {
    @Test("3,000 mutations are refused or decode to the right number of bytes, and none traps")
    func mutations() throws {
        let seed: UInt64 = 99
        var generator = SeededGenerator(seed: seed)
        let types: [ElementType] = [.bfloat16, .float16, .float32, .float64, .float8E4M3, .int32, .uint8]
        let tensors = types.flatMap { TensorCase.all($0) }
        var refused = 0
        for trial in 0..<3000 {
            let tensor = tensors[trial % tensors.count]
            let codec: ContractCodec = trial.isMultiple(of: 4) ? .solo : .exact
            let mutated = try StreamMutation.mutate(try codec.encode(tensor.input), using: &generator)
            do throws(DeltaicError) {
                let decoded = try codec.decode(mutated, shape: tensor.shape, base: tensor.baseBytes)
                #expect(decoded.count == tensor.shape.byteCount, "trial \(trial), \(tensor), seed \(seed)")
            } catch {
                refused += 1
            }
        }
        // Otherwise the mutations do nothing.
        #expect(refused > 1000 && refused < 2900)
    }

    @Test("a stream that declares more than its part of the chunk is over budget", arguments: 0..<10)
    func budget(position: Int) throws {
        let tensor = try #require(TensorCase.all(.bfloat16).first { $0.name == "short base" })
        var streams = try ContractCodec.exact.encode(tensor.input)
        for encoding in [EncodedStream.Encoding.stored, .zstd, .constant] {
            streams[position] = EncodedStream(encoding: encoding, rawLength: 1 << 50, bytes: [0])
            let error = try #require(throws: DeltaicError.self) {
                try ContractCodec.exact.decode(streams, shape: tensor.shape, base: tensor.baseBytes)
            }
            #expect(error.code == .overBudget, "\(error)")
        }
    }

    @Test("a solo stream that declares one byte too many is over budget", arguments: [1, 2])
    func soloBudget(count: Int) throws {
        let length = count == 1 ? 9 : 5
        let streams = Array(
            repeating: EncodedStream(encoding: .constant, rawLength: length, bytes: [0]), count: count)
        let error = try #require(throws: DeltaicError.self) {
            try ContractCodec.solo.decode(streams, shape: WorkedExample.shape, base: nil)
        }
        #expect(error.code == .overBudget, "\(error)")
    }
}
