internal import DeltaicCore
internal import Kernels
internal import PackFormat
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

/// A tensor as a lossy codec stored it, decoded again from nothing but what was stored and the base.
struct StoredDelta {
    let tensor: DeltaTensor
    let base: [UInt8]
    private(set) var chunks: [EncodedChunk] = []
    let shared: [(digest: Digest, bytes: [UInt8])]
    let quality: DeltaQuality

    init(_ codec: any LossyCodec, _ tensor: DeltaTensor, base: [UInt8]) throws {
        self.tensor = tensor
        self.base = base
        var chunks: [EncodedChunk] = []
        let result = try LossyEncoder(coder: ZstdStream()).run(codec, on: tensor) { chunk, _ in chunks.append(chunk) }
        self.chunks = chunks
        shared = result.shared
        quality = result.quality
    }

    /// The words that decoding gives.
    func decoded() throws -> [UInt8] {
        let grid = ChunkGrid(elementCount: tensor.elementCount, width: tensor.type.width)
        var raw: [UInt8] = []
        for (position, chunk) in chunks.enumerated() {
            let elements = grid.elements(of: position)
            raw += try LossyChunk.decode(
                chunk.streams,
                shape: ChunkShape(
                    type: tensor.type, elementCount: elements.count, firstElement: elements.lowerBound),
                base: Array(base[grid.bytes(of: position)]), shared: SharedTable(bytes: shared), coder: ZstdStream())
        }
        return raw
    }

    /// What was stored for a weight, shared objects as packs store them, without tables of terms.
    func bitsPerWeight() throws -> Double {
        var bytes = 0
        for chunk in chunks { bytes += chunk.streams.dropFirst().reduce(0) { $0 + $1.bytes.count } }
        for entry in shared { bytes += try ZstdStream().encode(entry.bytes, effort: .literals).bytes.count }
        return 8 * Double(bytes) / Double(tensor.elementCount)
    }

    /// |D_hat - D|^2 / |D|^2.
    var noise: Double { quality.errorSquares / quality.deltaSquares }
}

/// A base and a delta that a codec is tried on.
enum DeltaCase {
    /// The base is zero, unless it is given, so that nothing is rounded but by the codec.
    static func tensor(
        _ delta: Matrix, type: ElementType = .float32, base: Matrix? = nil, moments: Matrix? = nil, key: UInt64 = 1
    ) throws -> (tensor: DeltaTensor, base: [UInt8]) {
        let baseValues = base?.values ?? [Float](repeating: 0, count: delta.values.count)
        let zero = [UInt8](repeating: 0, count: delta.values.count * type.width)
        let baseWords = (type.floatFormat ?? .binary32).sum(base: zero, delta: baseValues)
        let tuned = (type.floatFormat ?? .binary32).sum(base: baseWords, delta: delta.values)
        return (
            try DeltaTensor(
                name: "layer.weight", type: type, columns: delta.columns, base: baseWords, fineTuned: tuned, key: key,
                secondMoments: moments?.values), baseWords
        )
    }

    /// A matrix whose singular values fall as i^-power, of about the given size.
    static func steep(_ rows: Int, _ columns: Int, power: Double, seed: UInt64) throws -> Matrix {
        let rank = min(rows, columns)
        let left = Matrix.random(rows, rank, seed: seed)
        let right = Matrix.random(rank, columns, seed: seed + 1)
        let values = (0..<rank).map { Float(1e-3 * 1 / Double($0 + 1).squareRootPower(power)) }
        return try left.scalingColumns(by: values).times(right)
    }

    static func plan(
        _ name: CodecID, _ settings: CodecSettings, _ tensors: [DeltaTensor], _ goal: RateGoal = .settings
    ) throws -> [PlannedDelta] {
        try MethodTable.method(name, settings: settings).plan(tensors, goal: goal)
    }
}

extension Double {
    /// The power `2 * exponent` of the root: x^exponent without Foundation.
    fileprivate func squareRootPower(_ exponent: Double) -> Double {
        var result = 1.0
        var rest = exponent
        while rest >= 1 {
            result *= self
            rest -= 1
        }
        return rest >= 0.5 ? result * squareRoot() : result
    }
}
