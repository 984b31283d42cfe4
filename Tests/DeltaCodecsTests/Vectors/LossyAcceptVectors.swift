internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

/// Packs with lossy chunks: a base, and what each codec makes of a fine-tune of it.
enum LossyAcceptVectors {
    static let all: [AcceptVector] =
        settings.map { codec, settings in
            AcceptVector(
                name: "lossy-\(codec)", shows: "\(codec), with settings that between them use every form of its terms"
            ) {
                var pack = VectorPack()
                for (number, settings) in settings.enumerated() {
                    try pack.add(
                        codec, settings, [.bfloat16, .float16, .float32][number % 3], seed: UInt64(number + 1))
                }
                return try pack.file()
            }
        } + [
            AcceptVector(
                name: "lossy-more-rows", shows: "a fine-tune with more rows than its base: the tail of a lossy chunk"
            ) {
                var pack = VectorPack()
                try pack.add(.bitDelta, [:], .bfloat16, seed: 8, moreRows: 3)
                // Without a term, the shared rows are the base's.
                try pack.add(.drop, [:], .float16, seed: 9, moreRows: 1)
                return try pack.file()
            },
            AcceptVector(
                name: "lossy-two-chunks", shows: "seeded words of a second chunk, whose first element is not 0",
                file: twoChunks),
        ]

    private static let settings: [(CodecID, [CodecSettings])] = [
        (.bitDelta, [[:], ["scale": .text("row"), "rounds": .number(2)], ["scale": .text("column")]]),
        (.dare, [[:], ["selection": .text("magnitude")], ["values": .text("fp32"), "drop": .number(0.3)]]),
        (.deltaCoMe, [[:], ["bands": .text("16:1,8:2,4:3,3:4,2:5")]]),
        (.deltaDQ, [[:], ["alpha": .number(3), "group": .number(9), "bits": .number(5)]]),
        (
            .lowRank,
            [[:], ["bits": .number(2), "group": .number(8), "rank": .number(9)], ["after": .text("sparse24")]]
        ),
        (
            .seededSign,
            [
                ["bits": .number(0.3)], ["bits": .number(1.7)], ["bits": .number(0.6), "base-scale": .flag(true)],
            ]
        ),
        (.sparse24, [["bits": .number(2)], [:]]),
        (
            .ultraDelta,
            [
                [:], ["mask": .text("seeded"), "sparsity": .number(0.7)],
                ["codes": .text("entropy"), "sparsity": .number(0.4)],
            ]
        ),
    ]

    /// Zeros but for a few words, so that two chunks are small when stored.
    private static func twoChunks() throws -> [UInt8] {
        let count = 1 << 20 + 4096
        let base = [UInt64](repeating: 0x3F80, count: count)
        let tuned = base.indices.map { $0 < 1 << 20 ? base[$0] : base[$0] + UInt64($0 * $0 % 7) }
        var pack = VectorPack()
        try pack.add(
            DeltaTensor(
                name: "tensor", type: .bfloat16, columns: 4096, base: TensorWords.bytes(base, width: 2),
                fineTuned: TensorWords.bytes(tuned, width: 2), key: 77),
            base: TensorWords.bytes(base, width: 2), .seededSign, ["bits": .number(0.05)])
        return try pack.file()
    }
}

extension VectorPack {
    /// Adds a base of 24 x 40, and what a codec makes of a fine-tune of it.
    mutating func add(
        _ codec: CodecID, _ settings: CodecSettings, _ type: ElementType, seed: UInt64, moreRows: Int = 0
    ) throws {
        var random = SeededGenerator(seed: seed)
        let (rows, columns) = (24, 40)
        let base = (0..<rows * columns).map { _ in TensorWords.word(0.02 * random.normal(), type) }
        var tuned = base.enumerated().map { position, word in
            // Rows of several sizes, and some that did not change but for a multiple.
            let size = 1e-3 * Double(position / columns % 4)
            return TensorWords.word(0.97 * TensorWords.value(word, type) + size * random.normal(), type)
        }
        tuned += (0..<moreRows * columns).map { _ in TensorWords.word(0.02 * random.normal(), type) }
        let baseBytes = TensorWords.bytes(base, width: type.width)
        try add(
            DeltaTensor(
                name: "tensor", type: type, columns: columns, base: baseBytes,
                fineTuned: TensorWords.bytes(tuned, width: type.width), key: seed &* 0x9e37_79b9_7f4a_7c15),
            base: baseBytes, codec, settings)
    }

    mutating func add(
        _ tensor: DeltaTensor, base: [UInt8], _ codec: CodecID, _ settings: CodecSettings
    ) throws {
        let run = try LossyRun(codec, settings, tensor)
        let digest = try encode(base, tensor.type)
        for shared in run.result.shared where !contains(shared.digest) { try encode(shared.bytes, nil) }
        try add(run.reconstructed, tensor.type, base: digest, chunks: run.chunks)
    }
}
