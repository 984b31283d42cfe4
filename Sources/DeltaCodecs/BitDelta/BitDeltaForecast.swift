internal import DeltaicCore
internal import Kernels

extension BitDeltaCodec {
    /// |D_hat - D|^2 / |D|^2 after each round, measured on the chunk in the middle of the tensor as if it were all of it.
    ///
    /// - Throws: what reading throws.
    func measuredNoise(_ tensor: any DeltaSource) throws(DeltaicError) -> [Double] {
        let position = tensor.chunkCount / 2
        var rest = try tensor.chunk(position).delta
        let first = tensor.elementRange(ofChunk: position).lowerBound
        let context = TermContext(
            firstElement: first % tensor.columns, count: rest.count, columns: tensor.columns, base: [])
        let total = Self.squares(rest)
        var noises: [Double] = []
        for _ in 0..<rounds {
            var sums = BitDeltaScales(scale, rows: context.rows.count, columns: tensor.columns)
            sums.add(rest, context: context)
            let bits = SignBits.pack(rest, zeroIsPlus: zeroIsPlus)
            let axis: BitDeltaAxis = scale == .mean ? .tensor : scale == .column ? .column : .row
            let scales = sums.values.map { -$0 }
            bits.withUnsafeBufferPointer { bits in
                BitDeltaTerm.add(bits, scales: scales, axis: axis, to: &rest, context: context)
            }
            noises.append(total > 0 ? Self.squares(rest) / total : 0)
        }
        return noises
    }

    private static func squares(_ values: [Float]) -> Double {
        var sums = MagnitudeSums()
        values.withUnsafeBufferPointer { sums.add($0) }
        return sums.square
    }
}
