internal import DeltaicCore

/// Half the elements, at two or four bits.
///
/// DeltaZip (Yao and others, arXiv 2312.05215, EuroSys 2025): 2:4 sparsity by SparseGPT on the delta, the survivors rounded to a
/// symmetric grid with one scale for a row. Without second moments of the inputs the two larger of four are kept and nothing is
/// compensated, chunk by chunk; with them the whole tensor is in memory.
struct Sparse24Codec: LossyCodec {
    var id: CodecID { .sparse24 }

    let bits: Int
    let rounding: Rounding

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard !tensor.statistics.isZero else {
            for _ in 0..<tensor.chunkCount { try sink.append([]) }
            return
        }
        if let moments = try rounding.moments(of: tensor) {
            LinearAlgebraThreads.limitToOne
            let result = try SparseGPT(bits: bits).quantize(try tensor.matrix(), hessian: moments)
            let rows = CompensatedSparse24Rows(result: result)
            for position in 0..<tensor.chunkCount {
                try sink.append([
                    try Sparse24Term.encode(rows.content(tensor.termContext(position), bits: bits), coder: coder)
                ])
            }
            return
        }
        let scales = try Sparse24Scales(tensor, bits: bits)
        var before: [Float] = []
        var values = try tensor.chunk(0).delta
        for position in 0..<tensor.chunkCount {
            let next = position + 1 < tensor.chunkCount ? try tensor.chunk(position + 1).delta : []
            let context = tensor.termContext(position)
            let rows = PlainSparse24Rows(
                scales: scales, columns: tensor.columns, values: before + values + next.prefix(3),
                firstElement: context.firstElement - before.count)
            try sink.append([try Sparse24Term.encode(rows.content(context, bits: bits), coder: coder)])
            before = Array(values.suffix(3))
            values = next
        }
    }
}
