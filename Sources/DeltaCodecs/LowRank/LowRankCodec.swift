internal import DeltaicCore

/// Factors of a tensor's delta, or of what another codec leaves of it.
struct LowRankCodec: LossyCodec {
    var id: CodecID { .lowRank }

    let rank: Int
    let settings: LowRankPart.Settings
    /// The codec whose errors the factors make up for.
    let after: (any LossyCodec)?

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        guard let after else {
            let terms = try LowRankPart(tensor, rank: rank, settings: settings)?.terms(
                of: tensor, coder: coder, sink: sink)
            for position in 0..<tensor.chunkCount { try sink.append(terms.map { [$0[position]] } ?? []) }
            return
        }
        let recorder = TermRecorder(sharingWith: sink)
        try after.encode(tensor, coder: coder, sink: recorder)
        let residual = try ResidualSource(tensor, after: recorder.chunks, shared: recorder.shared, coder: coder)
        let terms = try LowRankPart(residual, rank: rank, settings: settings)?.terms(
            of: tensor, coder: coder, sink: sink)
        for position in 0..<tensor.chunkCount {
            try sink.append(recorder.chunks[position] + (terms.map { [$0[position]] } ?? []))
        }
    }
}
