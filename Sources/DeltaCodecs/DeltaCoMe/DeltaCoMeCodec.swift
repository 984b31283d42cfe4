internal import DeltaicCore
internal import Kernels

/// Singular directions in bands of falling precision.
///
/// Delta-CoMe (Ping and others, arXiv 2406.08903): of each band first V^T is rounded, with the second moments of the layer's inputs,
/// then U, with those of what U sees, S V_q^T x. Differences from the published code: singular values are folded into the
/// rows of V^T, whose scales take them in, so that they are exact and take nothing; groups are runs of columns as they are
/// stored (see ``GPTQ``); the delta is taken in FP32 and never rounded to BF16.
struct DeltaCoMeCodec: LossyCodec {
    var id: CodecID { .deltaCoMe }

    let bands: DeltaCoMeBands
    let rounding: Rounding

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard let made = try factors(of: tensor) else {
            for _ in 0..<tensor.chunkCount { try sink.append([]) }
            return
        }
        let object = FactorObject(
            rows: tensor.rows, columns: tensor.columns,
            bands: made.map { .init(layout: $0.layout, right: $0.right, leftScales: []) })
        let digest = try sink.share(object.bytes)
        for position in 0..<tensor.chunkCount {
            let rows = tensor.termContext(position).rows
            var writer = ByteWriter()
            var boundaries: [Int] = []
            for band in made {
                band.left.slice(rows, band.layout).write(
                    band.layout, withScales: true, to: &writer, boundaries: &boundaries)
            }
            try sink.append([
                try FactorsTerm.encode(
                    kind: .deltaCoMe, shared: digest, left: writer.bytes, boundaries: boundaries,
                    coder: coder)
            ])
        }
    }

    private struct Band {
        let layout: FactorLayout
        let right: FactorCodes
        let left: FactorCodes
    }

    /// Nil if nothing is to be stored.
    private func factors(of tensor: any DeltaSource) throws(DeltaicError) -> [Band]? {
        guard !tensor.statistics.isZero, bands.rank > 0 else { return nil }
        let moments = try rounding.moments(of: tensor)
        let directions = try LowRankPart.directions(
            try tensor.matrix(), moments: nil, rank: bands.rank, seed: tensor.key)
        guard let directions else { return nil }
        var first = 0
        var result: [Band] = []
        for band in bands.limited(to: directions.rank).bands {
            let part = directions[first..<first + band.width]
            result.append(try Self.quantize(part, bits: band.bits, moments: moments))
            first += band.width
        }
        return result.isEmpty ? nil : result
    }

    private static func quantize(
        _ part: SingularValues, bits: Int, moments: Matrix?
    ) throws(DeltaicError) -> Band {
        let right = try side(part.right.scalingRows(by: part.values), bits: bits, hessian: moments)
        let hessian = try moments.map { moments throws(DeltaicError) in
            try right.values.times(moments).times(right.values, transposingOther: true)
        }
        let left = try side(part.left, bits: bits, hessian: hessian)
        guard left.exponent + right.exponent <= FactorLayout.exponentSumLimit else {
            throw DeltaicError(
                .unsupported, "the factors of a delta are too large to be stored", advice: "store this tensor exactly")
        }
        return Band(
            layout: FactorLayout(
                grid: bits == 16 ? .half : .affine, bits: bits, width: part.rank,
                group: bits == 16 ? 0 : DeltaCoMeBands.group, leftExponent: left.exponent,
                rightExponent: right.exponent), right: right.codes, left: left.codes)
    }

    private static func side(
        _ matrix: Matrix, bits: Int, hessian: Matrix?
    ) throws(DeltaicError) -> (codes: FactorCodes, exponent: Int, values: Matrix) {
        var codes = FactorCodes(rows: matrix.rows, columns: matrix.columns)
        if bits == 16 {
            let (words, exponent) = try FactorQuantizer.halves(matrix)
            codes.words = words
            let power = QuantizationGrid.power(exponent)
            return (
                codes, exponent,
                Matrix(
                    rows: matrix.rows, columns: matrix.columns,
                    values: words.map { Float(Float16(bitPattern: $0)) * power })
            )
        }
        let grid = QuantizationGrid.asymmetric(bits: bits, groupSize: DeltaCoMeBands.group)
        let quantized: QuantizedMatrix
        if let hessian {
            quantized = try GPTQ(grid: grid).quantize(matrix, hessian: hessian)
        } else {
            quantized = try AffineQuantizer(grid: grid, fitting: matrix).quantize(matrix)
        }
        codes.codes = quantized.codes
        codes.scales = quantized.scales
        codes.zeros = quantized.zeros
        return (codes, quantized.scaleExponent, quantized.values)
    }
}
