internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@testable internal import DeltaCodecs

/// Lossy chunks with one change each.
enum LossyRejectVectors {
    /// The rule and what breaks it, the codec, its settings, and the change to the streams as they are before they are compressed.
    private typealias Change = (
        name: String, codec: CodecID, settings: CodecSettings, change: @Sendable (inout [[UInt8]]) -> Void
    )

    static let files: [(name: String, file: @Sendable () throws -> [UInt8])] =
        changes.map { item in
            let (codec, settings, change) = (item.codec, item.settings, item.change)
            return (item.name, { try file(codec, settings, change: change) })
        }
        + objects.map { item in
            let change = item.change
            return (item.name, { try file(.lowRank, [:], object: change) })
        } + [("C-54-of-whole-numbers", ofWholeNumbers)]

    private static let changes: [Change] = [
        // The table of terms: version, 2 bytes of m, columns, number of terms, kind, number of streams.
        ("C-50-lossy-version-2", .bitDelta, [:], { $0[0][0] = 2 }),
        ("C-51-no-shared-elements", .bitDelta, [:], { $0[0].replaceSubrange(1..<3, with: [0]) }),
        ("C-51-more-than-the-chunk-has", .bitDelta, [:], { $0[0][1] += 1 }),
        ("C-51-rows-of-nothing", .bitDelta, [:], { $0[0][3] = 0 }),
        ("C-52-nine-terms", .bitDelta, [:], { $0[0][4] = 9 }),
        ("C-53-bytes-after-terms", .bitDelta, [:], { $0[0].append(0) }),
        ("C-55-no-such-object", .lowRank, [:], { $0[1][0] ^= 1 }),
        ("C-57-unknown-form", .ultraDelta, [:], { $0[2][0] = 2 }),
        ("C-57-a-byte-too-many", .ultraDelta, [:], { $0[2].append(0) }),
        ("C-57-a-byte-too-few", .ultraDelta, [:], { $0[2].removeLast() }),
        ("C-60-one-stream", .bitDelta, [:], dropLastStream),
        ("C-61-unknown-axis", .bitDelta, [:], { $0[1][0] = 4 }),
        ("C-62-nine-rounds", .bitDelta, [:], { $0[1][1] = 9 }),
        ("C-63-a-scale-too-many", .bitDelta, [:], { $0[1] += [0, 0, 0, 0] }),
        ("C-64-signs-too-few", .bitDelta, [:], { $0[2].removeLast() }),
        ("C-70-one-stream", .dare, [:], dropLastStream),
        ("C-71-unknown-positions", .dare, [:], { $0[1][0] = 2 }),
        ("C-72-unknown-values", .dare, [:], { $0[1][1] = 3 }),
        ("C-74-bytes-after-parameters", .dare, [:], { $0[1].append(0) }),
        ("C-75-a-value-too-few", .dare, [:], { $0[2].removeLast(2) }),
        ("C-80-one-stream", .deltaDQ, [:], dropLastStream),
        ("C-81-alpha-0", .deltaDQ, [:], { $0[1][8] = 0 }),
        ("C-83-bytes-after-parameters", .deltaDQ, [:], { $0[1].append(0) }),
        ("C-84-a-code-too-few", .deltaDQ, [:], { $0[2].removeLast() }),
        ("C-90-one-stream", .ultraDelta, ["mask": .text("seeded")], dropLastStream),
        ("C-91-unknown-form", .ultraDelta, [:], { $0[1][0] = 3 }),
        ("C-92-codes-of-9-bits", .ultraDelta, [:], { $0[1][1] = 9 }),
        ("C-93-unknown-codes", .ultraDelta, [:], { $0[1][2] = 2 }),
        ("C-95-bytes-after-parameters", .ultraDelta, [:], { $0[1].append(0) }),
        ("C-96-codes-too-few", .ultraDelta, [:], { $0[3].removeLast() }),
        ("C-97-a-code-of-5-bits", .ultraDelta, ["codes": .text("entropy")], { $0[3][0] = 16 }),
        ("C-120-two-streams", .seededSign, seeded, dropLastStream),
        ("C-121-no-levels", .seededSign, seeded, { $0[1][8] = 0 }),
        ("C-121-a-block-of-2-to-13", .seededSign, seeded, { $0[1][9] = 13 }),
        ("C-122-a-row-too-few", .seededSign, seeded, { $0[2].removeLast() }),
        ("C-123-directions-too-few", .seededSign, seeded, { $0[3].removeLast() }),
        ("C-140-a-short-name", .lowRank, [:], { $0[1].removeLast() }),
        ("C-144-a-byte-too-few", .lowRank, [:], { $0[2].removeLast() }),
        ("C-150-three-streams", .sparse24, [:], dropLastStream),
        ("C-151-of-3-bits", .sparse24, [:], { $0[1][0] = 3 }),
        ("C-152-scales-too-few", .sparse24, [:], { $0[2].removeLast() }),
        ("C-153-an-unknown-pattern", .sparse24, [:], { $0[3][0] = 216 }),
        ("C-154-codes-too-few", .sparse24, [:], { $0[4].removeLast() }),
    ]

    private static let objects: [(name: String, change: @Sendable (inout [UInt8]) -> Void)] = [
        ("C-141-object-version-2", { $0[0] = 2 }), ("C-141-another-width", { $0[2] = 41 }),
        ("C-141-no-bands", { $0[3] = 0 }), ("C-141-a-byte-too-many", { $0.append(0) }),
        ("C-142-an-unknown-grid", { $0[4] = 99 }),
    ]

    private static let seeded: CodecSettings = ["bits": .number(0.5), "base-scale": .flag(false)]

    /// The last stream of the only term goes, from the table too.
    private static let dropLastStream: @Sendable (inout [[UInt8]]) -> Void = { streams in
        streams.removeLast()
        streams[0][6] -= 1
    }

    /// A pack of one tensor that a codec made, with changed streams, or a changed object that they share.
    private static func file(
        _ codec: CodecID, _ settings: CodecSettings, change: (inout [[UInt8]]) -> Void = { _ in },
        object: ((inout [UInt8]) -> Void)? = nil
    ) throws -> [UInt8] {
        var pack = VectorPack()
        try pack.add(codec, settings, .bfloat16, seed: 1)
        let tensor = pack.objects.removeLast()
        var streams = try tensor.chunks[0].streams.map { try ZstdStream().decode($0, limit: 1 << 20) }
        if let object {
            var shared = pack.objects.removeLast().raw
            object(&shared)
            streams[1] = try pack.encode(shared, nil).bytes
        }
        change(&streams)
        try pack.add(
            tensor.raw, .bfloat16, base: tensor.description.base,
            chunks: [EncodedChunk(codec: codec, streams: streams.map(WorkedExample.stored))])
        return try pack.file()
    }

    private static let ofWholeNumbers: @Sendable () throws -> [UInt8] = {
        var pack = VectorPack()
        let base = try pack.encode([1, 0, 0, 0, 2, 0, 0, 0], .int32)
        let table = WorkedExample.stored([1, 2, 2, 0])
        try pack.add(
            [1, 0, 0, 0, 2, 0, 0, 1], .int32, base: base, chunks: [EncodedChunk(codec: .drop, streams: [table])])
        return try pack.file()
    }
}
