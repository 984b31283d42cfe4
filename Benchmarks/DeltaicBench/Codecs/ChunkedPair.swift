import DeltaCodecs
import DeltaicCore
import TensorFiles

/// A fine-tune and its base in memory, cut into chunks as the product cuts them.
struct ChunkedPair {
    let name: String
    let type: ElementType
    let chunks: [ChunkInput]

    var rawBytes: Int { chunks.reduce(0) { $0 + $1.raw.count } }
    var weights: Int { rawBytes / type.width }

    private struct Tensor {
        let shape: TensorShape
        let raw: [UInt8]
        let base: [UInt8]
    }

    private init(name: String, type: ElementType, tensors: [Tensor]) {
        self.name = name
        self.type = type
        chunks = tensors.flatMap { tensor in
            let grid = ChunkGrid(elementCount: tensor.shape.elementCount, width: type.width)
            return (0..<grid.chunkCount).map { position in
                let bytes = grid.bytes(of: position)
                let elements = grid.elements(of: position)
                let row = tensor.shape.rowLength
                return ChunkInput(
                    raw: Array(tensor.raw[bytes]), shape: ChunkShape(type: type, elementCount: elements.count),
                    rowLength: row, rowOffset: elements.lowerBound % row, base: Array(tensor.base[bytes]))
            }
        }
    }

    /// The tensors of one dtype that both models have in the same shape.
    init(_ pair: BenchmarkModels.Pair, type: ElementType) throws {
        self.init(name: pair.name, type: type, tensors: try Self.tensors(pair, type: type))
    }

    /// The FP32 tensors of a pair, each weight rounded to FP16.
    init(roundingToFP16 pair: BenchmarkModels.Pair) throws {
        self.init(
            name: "FP16", type: .float16,
            tensors: try Self.tensors(pair, type: .float32).map {
                Tensor(shape: $0.shape, raw: Self.rounded($0.raw), base: Self.rounded($0.base))
            })
    }

    /// A square BF16 matrix of N(0, 0.02), and a fine-tune whose weights moved by N(0, 2e-4).
    init(syntheticSize size: Int) throws {
        let delta = SyntheticDelta(rows: size, columns: size, seed: 1, deviation: 2e-4)
        guard let shape = TensorShape([size, size]) else { throw BenchmarkFailure("\(size) is no size of a matrix") }
        self.init(
            name: "synthetic BF16", type: .bfloat16,
            tensors: [Tensor(shape: shape, raw: delta.fineTuned, base: delta.base)])
    }

    private static func tensors(_ pair: BenchmarkModels.Pair, type: ElementType) throws -> [Tensor] {
        let base = try NamedTensor.all(in: ModelDirectory.open(pair.base))
        let fineTune = try NamedTensor.all(in: ModelDirectory.open(pair.fineTune))
        return try fineTune.sorted { $0.key < $1.key }.compactMap { name, tensor in
            let entry = tensor.entry
            guard entry.type == type, let partner = base[name], partner.entry.type == type,
                partner.entry.shape == entry.shape
            else { return nil }
            return Tensor(shape: entry.shape, raw: try tensor.bytes(), base: try partner.bytes())
        }
    }

    private static func rounded(_ words: [UInt8]) -> [UInt8] {
        words.withUnsafeBytes { words in
            filledArray(words.count / 2) { target in
                for index in 0..<words.count / 4 {
                    let word = UInt32(littleEndian: words.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
                    let rounded = Float16(Float(bitPattern: word)).bitPattern.littleEndian
                    target.storeBytes(of: rounded, toByteOffset: 2 * index, as: UInt16.self)
                }
            }
        }
    }
}
