import DeltaCodecs
import DeltaicCore
import Kernels
import PackFormat

/// A piece of work on made-up bytes that are the same in every run, whose instructions are counted.
struct InstructionCase {
    let name: String
    /// Makes what the work needs; that is not counted.
    let prepare: () throws -> Work

    struct Work {
        /// What a figure is divided by.
        let rawBytes: Int
        let run: () throws -> Void
    }

    static var all: [InstructionCase] {
        lossless("solo", SoloCodec()) + lossless("exact", ExactDeltaCodec()) + [
            lossy("seeded-sign", .seededSign, ["bits": .number(0.12)]), lossy("bitdelta", .bitDelta, [:]),
            lossy("ultradelta", .ultraDelta, ["sparsity": .number(0.97)]),
        ] + kernels
    }

    private static let size = 512

    private static func madeUp(_ type: ElementType) -> ChunkInput {
        let delta = SyntheticDelta(rows: size, columns: size, seed: 1, deviation: 2e-4)
        let shape = ChunkShape(type: type, elementCount: delta.weights)
        guard type == .float32 else {
            return ChunkInput(raw: delta.fineTuned, shape: shape, rowLength: size, base: delta.base)
        }
        // The lower half of each word is noise, of which a part moves: as wide as training leaves it.
        var state: UInt64 = 2
        func widened(_ words: [UInt8]) -> [UInt8] {
            filledArray(2 * words.count) { target in
                for index in 0..<words.count / 2 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    target[4 * index] = UInt8(truncatingIfNeeded: state >> 40)
                    target[4 * index + 1] = UInt8(truncatingIfNeeded: state >> 48)
                    target[4 * index + 2] = words[2 * index]
                    target[4 * index + 3] = words[2 * index + 1]
                }
            }
        }
        return ChunkInput(raw: widened(delta.fineTuned), shape: shape, rowLength: size, base: widened(delta.base))
    }

    private static func lossless(_ name: String, _ codec: some TensorCodec) -> [InstructionCase] {
        [("BF16", ElementType.bfloat16), ("FP32", .float32)].flatMap { label, type -> [InstructionCase] in
            let coder = ZstdStream()
            return [
                InstructionCase(name: "\(name) \(label), encode") {
                    let chunk = madeUp(type)
                    return Work(rawBytes: chunk.raw.count) { _ = try codec.encode(chunk, coder: coder) }
                },
                InstructionCase(name: "\(name) \(label), decode") {
                    let chunk = madeUp(type)
                    let streams = try codec.encode(chunk, coder: coder)
                    return Work(rawBytes: chunk.raw.count) {
                        let raw = try codec.decode(streams, shape: chunk.shape, base: chunk.base, coder: coder)
                        guard equalBytes(raw, chunk.raw) else {
                            throw BenchmarkFailure("\(name) gives back other bytes")
                        }
                    }
                },
            ]
        }
    }

    private static func lossy(_ name: String, _ codec: CodecID, _ settings: CodecSettings) -> InstructionCase {
        InstructionCase(name: "\(name), decode") {
            let delta = SyntheticDelta(rows: size, columns: size, seed: 1)
            let method = try MethodTable.method(codec, settings: settings)
            let decoding = LossyDecoding(try LossyTrial(method, delta), delta)
            return Work(rawBytes: delta.base.count) { _ = try decoding.chunk(0) }
        }
    }

    private static var kernels: [InstructionCase] {
        [
            InstructionCase(name: "context partition, arrange") {
                let chunk = madeUp(.bfloat16)
                return Work(rawBytes: chunk.raw.count) {
                    let partition = ContextPartition(
                        base: chunk.base, count: chunk.shape.elementCount, layout: chunk.shape.layout, segments: .single
                    )
                    _ = partition.arrange(chunk.raw, width: 2)
                }
            },
            InstructionCase(name: "byte planes, split and join") {
                let chunk = madeUp(.bfloat16)
                return Work(rawBytes: chunk.raw.count) {
                    let planes = BytePlanes.split(chunk.raw, width: 2, rotated: true)
                    guard BytePlanes.join(planes, width: 2, rotated: true) != nil else {
                        throw BenchmarkFailure("the planes do not fit together")
                    }
                }
            },
            InstructionCase(name: "XXH3") {
                let chunk = madeUp(.bfloat16)
                let checksum = FastHash.checksum(chunk.raw)
                return Work(rawBytes: chunk.raw.count) {
                    guard FastHash.checksum(chunk.raw) == checksum else { throw BenchmarkFailure("XXH3 differs") }
                }
            },
        ]
    }
}
