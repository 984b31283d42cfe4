internal import DeltaicCore

/// What bands of factors of a tensor take, and lose, before any of them is made.
struct DeltaCoMeSize {
    private let size: LowRankSize

    init(_ tensor: any DeltaSource) {
        size = LowRankSize(rows: tensor.rows, columns: tensor.columns, type: tensor.type)
    }

    private func layouts(_ bands: DeltaCoMeBands) -> [FactorLayout] {
        bands.bands.map { band in
            FactorLayout(
                grid: band.bits == 16 ? .half : .affine, bits: band.bits, width: band.width,
                group: band.bits == 16 ? 0 : DeltaCoMeBands.group, leftExponent: 0, rightExponent: 0)
        }
    }

    /// The expected bits for a weight, entropy coding included.
    func bitsPerWeight(_ bands: DeltaCoMeBands) -> Double {
        guard !bands.bands.isEmpty else { return 0 }
        return size.expectedBits(layouts(bands)) / Double(max(1, size.rows * size.columns))
    }

    /// What is expected to be left of the squares of a delta with these singular values.
    func residual(_ bands: DeltaCoMeBands, singularValues: [Float]) -> Double {
        var rest = singularValues[...]
        var sum = 0.0
        for layout in layouts(bands) {
            let right = NormalCodes.of(layout, size: min(size.columns, DeltaCoMeBands.group))?.loss ?? 0
            let left = NormalCodes.of(layout, size: min(layout.width, DeltaCoMeBands.group))?.loss ?? 0
            let lost = right + left + right * left
            for value in rest.prefix(layout.width) { sum += lost * Double(value) * Double(value) }
            rest = rest.dropFirst(layout.width)
        }
        for value in rest { sum += Double(value) * Double(value) }
        return sum
    }
}
