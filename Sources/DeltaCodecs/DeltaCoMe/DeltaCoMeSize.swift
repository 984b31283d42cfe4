internal import DeltaicCore
internal import Kernels

/// What bands of factors of a tensor take, and lose, before any of them is made.
struct DeltaCoMeSize {
    let rows: Int
    let columns: Int
    private let chunks: Int
    private let chunkRows: Int

    init(_ tensor: any DeltaSource) {
        rows = tensor.rows
        columns = tensor.columns
        let size = LowRankSize(rows: rows, columns: columns, type: tensor.type)
        (chunks, chunkRows) = (size.chunks, size.chunkRows)
    }

    /// The expected bits for a weight, entropy coding included.
    func bitsPerWeight(_ bands: DeltaCoMeBands) -> Double {
        guard !bands.bands.isEmpty else { return 0 }
        var shared = 8 + 8 * Double(bands.bands.count)
        var chunk = 0.0
        for band in bands.bands {
            let right = EntropyShare.affine(bits: band.bits, size: min(columns, DeltaCoMeBands.group))
            shared += Self.bytes(band, vectors: band.width, length: columns, right)
            let left = EntropyShare.affine(bits: band.bits, size: min(band.width, DeltaCoMeBands.group))
            chunk += Self.bytes(
                band, vectors: Double(chunkRows) / Double(chunks), length: band.width, left)
        }
        // Digest and table of symbols.
        return 8 * (shared + Double(chunks) * (chunk + 32)) / Double(max(1, rows * columns))
    }

    private static func bytes(
        _ band: DeltaCoMeBands.Band, vectors: Int, length: Int, _ share: EntropyShare.Affine
    ) -> Double { bytes(band, vectors: Double(vectors), length: length, share) }

    private static func bytes(
        _ band: DeltaCoMeBands.Band, vectors: Double, length: Int, _ share: EntropyShare.Affine
    ) -> Double {
        let codes = EntropyShare.bytes(vectors * Double(length * band.bits) / 8, share: share.codes)
        guard band.bits < 16 else { return codes }
        let groups = vectors * Double((length + DeltaCoMeBands.group - 1) / DeltaCoMeBands.group)
        return codes + EntropyShare.bytes(2 * groups, share: share.scaleBits / 16)
            + EntropyShare.bytes(groups * Double(band.bits) / 8, share: share.zeros)
    }

    /// What is expected to be left of the squares of a delta with these singular values.
    func residual(_ bands: DeltaCoMeBands, singularValues: [Float]) -> Double {
        var rest = singularValues[...]
        var sum = 0.0
        for band in bands.bands {
            let right = EntropyShare.affine(bits: band.bits, size: min(columns, DeltaCoMeBands.group)).loss
            let left = EntropyShare.affine(bits: band.bits, size: min(band.width, DeltaCoMeBands.group)).loss
            let lost = right + left + right * left
            for value in rest.prefix(band.width) { sum += lost * Double(value) * Double(value) }
            rest = rest.dropFirst(band.width)
        }
        for value in rest { sum += Double(value) * Double(value) }
        return sum
    }
}
