internal import DeltaicCore
internal import PackFormat
internal import TestSupport

@testable import DeltaCodecs

/// A tensor and its base for tests of lossy codecs, with the seed that made them.
enum LossyTensor {
    /// Weights with a deviation of 0.02, and changes that `change` makes of their positions.
    static func make(
        _ type: ElementType = .float32, rows: Int, columns: Int, seed: UInt64, key: UInt64 = 1,
        change: (Int, inout SeededGenerator) -> Double
    ) throws -> DeltaTensor {
        var generator = SeededGenerator(seed: seed)
        // A table of normal numbers: large tensors are made in no time.
        let normals = (0..<4096).map { _ in generator.normal() * 0.02 }
        let base = (0..<rows * columns).map { _ in
            TensorWords.word(normals[Int(generator.next() % 4096)], type)
        }
        let tuned = base.enumerated().map { position, word in
            let change = change(position, &generator)
            return change == 0 ? word : TensorWords.word(TensorWords.value(word, type) + change, type)
        }
        return try DeltaTensor(
            name: "tensor", type: type, columns: columns, base: TensorWords.bytes(base, width: type.width),
            fineTuned: TensorWords.bytes(tuned, width: type.width), key: key)
    }

    /// Normally distributed changes.
    static func gaussian(
        _ type: ElementType = .float32, rows: Int, columns: Int, deviation: Double = 0.002, seed: UInt64,
        key: UInt64 = 1
    ) throws -> DeltaTensor {
        var source = SeededGenerator(seed: seed &+ 1)
        let normals = (0..<65536).map { _ in source.normal() * deviation }
        return try make(type, rows: rows, columns: columns, seed: seed, key: key) { _, generator in
            normals[Int(generator.next() % 65536)]
        }
    }

    /// A fine-tune of zeros.
    static func of(_ values: [Float], columns: Int? = nil, key: UInt64 = 1) throws -> DeltaTensor {
        try DeltaTensor(
            name: "tensor", type: .float32, columns: columns ?? values.count,
            base: [UInt8](repeating: 0, count: 4 * values.count),
            fineTuned: TensorWords.bytes(values.map { UInt64($0.bitPattern) }, width: 4), key: key)
    }
}

/// What a method makes of tensors.
struct LossyRun {
    let plan: PlannedDelta
    let chunks: [EncodedChunk]
    let shapes: [ChunkShape]
    let result: LossyEncoder.Result
    let reconstructed: [UInt8]

    init(plan: PlannedDelta, of tensor: DeltaTensor) throws {
        self.plan = plan
        var chunks: [EncodedChunk] = []
        var raw: [UInt8] = []
        var shapes: [ChunkShape] = []
        result = try LossyEncoder(coder: ZstdStream()).run(plan.codec, on: tensor) { chunk, bytes in
            shapes.append(
                ChunkShape(
                    type: tensor.type, elementCount: bytes.count / tensor.type.width,
                    firstElement: tensor.elementRange(ofChunk: chunks.count).lowerBound))
            chunks.append(chunk)
            raw += bytes
        }
        self.chunks = chunks
        self.shapes = shapes
        reconstructed = raw
    }

    init(
        _ codec: CodecID, _ settings: CodecSettings, goal: RateGoal = .settings, _ tensor: DeltaTensor
    ) throws {
        let method = try MethodTable.method(codec, settings: settings)
        try self.init(plan: try method.plan([tensor], goal: goal)[0], of: tensor)
    }

    init(_ codec: CodecID, goal: RateGoal = .settings, _ tensor: DeltaTensor) throws {
        try self.init(codec, [:], goal: goal, tensor)
    }

    /// Decodes the chunks again, from their bytes and the base alone.
    func decoded(_ tensor: DeltaTensor) throws -> [UInt8] {
        var raw: [UInt8] = []
        for (position, chunk) in chunks.enumerated() {
            raw += try CodecTable.decode(
                chunk, shape: shapes[position], base: try tensor.chunk(position).baseWords,
                shared: SharedTable(bytes: result.shared), coder: ZstdStream())
        }
        return raw
    }

    /// Stored bits for a weight, shared bytes included.
    func bitsPerWeight(_ tensor: DeltaTensor) -> Double {
        let bytes = chunks.reduce(0) { $0 + $1.storedBytes } + result.shared.reduce(0) { $0 + $1.bytes.count }
        return 8 * Double(bytes) / Double(tensor.elementCount)
    }

    /// |D_hat - D|^2 / |D|^2.
    var noise: Double { result.quality.errorSquares / result.quality.deltaSquares }

    /// The reconstructed values of an F32 tensor.
    var values: [Float] {
        TensorWords.words(reconstructed, width: 4).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    }

    /// The bytes of a stream of a chunk.
    func stream(_ position: Int, ofChunk chunk: Int = 0) throws -> [UInt8] {
        try ZstdStream().decode(chunks[chunk].streams[position], limit: 1 << 24)
    }
}
