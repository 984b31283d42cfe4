internal import DeltaCodecs
internal import DeltaicCore
internal import TestSupport

/// A chunk to be encoded, with a name for messages and the seed that made it.
struct TensorCase: Sendable, CustomStringConvertible {
    let name: String
    let type: ElementType
    let words: [UInt64]
    let base: [UInt64]
    var rowLength = 0
    var rowOffset = 0
    let seed: UInt64

    var description: String { "\(name), \(type), seed \(seed)" }
    var shape: ChunkShape { ChunkShape(type: type, elementCount: words.count) }
    var raw: [UInt8] { TensorWords.bytes(words, width: type.width) }
    var baseBytes: [UInt8] { TensorWords.bytes(base, width: type.width) }
    var input: ChunkInput {
        ChunkInput(raw: raw, shape: shape, rowLength: rowLength, rowOffset: rowOffset, base: baseBytes)
    }

    /// Every kind of tensor that a codec has to do with, for one dtype.
    static func all(_ type: ElementType) -> [TensorCase] {
        plain(type) + structured(type)
    }

    private static let count = 3001

    /// Trained weights and the same after a little training; for integers, numbers of the same shape.
    private static func pair(
        _ type: ElementType, _ count: Int, using generator: inout SeededGenerator
    ) -> (base: [UInt64], tuned: [UInt64]) {
        let scale = type.mantissaBits == nil ? 1000.0 : 1
        let values = (0..<count).map { _ in generator.normal() * 0.02 * scale }
        return (
            values.map { TensorWords.word($0, type) },
            values.map { TensorWords.word($0 + generator.normal() * 0.0002 * scale, type) }
        )
    }

    private static func plain(_ type: ElementType) -> [TensorCase] {
        let seed = 1000 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        let (base, tuned) = pair(type, count, using: &generator)
        let noise = TensorWords.random(count, type, using: &generator)
        let otherNoise = TensorWords.random(count, type, using: &generator)
        let exotic = TensorWords.exotic(type)
        let mix = (0..<count).map { noise[$0] % 3 == 0 ? noise[$0] : exotic[$0 * 7 % exotic.count] }
        let zeros = [UInt64](repeating: 0, count: count)
        return [
            TensorCase(name: "random", type: type, words: noise, base: otherNoise, seed: seed),
            TensorCase(name: "gaussian", type: type, words: tuned, base: base, seed: seed),
            TensorCase(name: "identical", type: type, words: base, base: base, seed: seed),
            TensorCase(name: "all zero", type: type, words: zeros, base: base, seed: seed),
            TensorCase(name: "zero base", type: type, words: tuned, base: zeros, seed: seed),
            TensorCase(name: "constant", type: type, words: zeros.map { _ in tuned[0] }, base: zeros, seed: seed),
            TensorCase(name: "one element", type: type, words: [tuned[0]], base: [base[0]], seed: seed),
            TensorCase(name: "short base", type: type, words: tuned, base: Array(base.prefix(1999)), seed: seed),
            TensorCase(name: "one base word", type: type, words: tuned, base: [base[0]], seed: seed),
            TensorCase(name: "long base", type: type, words: Array(tuned.prefix(1999)), base: base, seed: seed),
            TensorCase(name: "exotic", type: type, words: mix, base: mix.reversed(), seed: seed),
            TensorCase(name: "exotic identical", type: type, words: mix, base: mix, seed: seed),
            TensorCase(
                name: "odd rows", type: type, words: tuned, base: base, rowLength: 37, rowOffset: 5, seed: seed),
        ]
    }

    private static func structured(_ type: ElementType) -> [TensorCase] {
        let seed = 2000 + UInt64(type.code)
        var generator = SeededGenerator(seed: seed)
        let (base, tuned) = pair(type, 8192, using: &generator)
        let noise = TensorWords.random(8192, type, using: &generator)
        // Every third row of 61 is noise, from the middle of a row on.
        let rows = base.indices.map { ($0 + 9) / 61 % 3 == 0 ? noise[$0] : base[$0] }
        let sparse = base.indices.map { noise[$0] % 20 == 0 ? tuned[$0] ^ 1 : base[$0] }
        var cases = [
            TensorCase(name: "classes", type: type, words: rows, base: base, rowLength: 61, rowOffset: 9, seed: seed),
            TensorCase(name: "sparse", type: type, words: sparse, base: base, seed: seed),
        ]
        if type.width > 1 {
            let low: UInt64 = 1 << UInt64(4 * type.width) - 1
            cases.append(
                TensorCase(
                    name: "shift", type: type, words: tuned.map { $0 & ~low }, base: base.map { $0 & ~low }, seed: seed)
            )
        }
        if type == .float32 || type == .float64 {
            let values = base.map { TensorWords.value($0, type) }
            let scaled = values.map { TensorWords.word($0 * 0.99, type) }
            let decayed = base.map { word in
                // The same few units for all weights of similar mantissa, away from a change of the exponent.
                let field = word & (1 << UInt64(type.mantissaBits ?? 0) - 1)
                let step = 3 + (field >> UInt64((type.mantissaBits ?? 0) - 4))
                return field >= step ? word - step : word
            }
            cases.append(TensorCase(name: "slope", type: type, words: scaled, base: base, seed: seed))
            cases.append(TensorCase(name: "staircase", type: type, words: decayed, base: base, seed: seed))
        }
        return cases
    }
}
