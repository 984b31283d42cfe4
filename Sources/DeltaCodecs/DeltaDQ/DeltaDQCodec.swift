internal import DeltaicCore
internal import Kernels

/// The quantized survivors of one tensor.
///
/// Passes: one for the range of the survivors, one to write.
struct DeltaDQCodec: LossyCodec {
    let alpha: Int
    let group: Int
    let bits: Int

    var id: CodecID { .deltaDQ }

    func encode(_ tensor: any DeltaSource, coder: any StreamCoder, sink: any TermSink) throws(DeltaicError) {
        let mask = GroupMask(
            key: tensor.key, domain: DeltaDQTerm.domain, columns: tensor.columns, group: group, alpha: alpha)
        guard let quantizer = try quantizer(tensor, mask: mask) else {
            for _ in 0..<tensor.chunkCount { try sink.append([]) }
            return
        }
        let parameters = DeltaDQTerm.Parameters(key: tensor.key, alpha: alpha, group: group, quantizer: quantizer)
        for position in 0..<tensor.chunkCount {
            let delta = try tensor.chunk(position).delta
            let kept = SparseValues.gather(delta, at: mask.positions(in: tensor.elementRange(ofChunk: position)))
            let codes = quantizer.codes(of: kept)
            try sink.append([
                LossyTerm(kind: .deltaDQ, streams: [.stored(parameters.bytes), Self.stream(codes, bits: bits)])
            ])
        }
    }

    /// Codes without gaps; a byte in all if their bytes are all the same.
    private static func stream(_ codes: [UInt8], bits: Int) -> EncodedStream {
        let bytes = PackedBits.pack(codes, bits: bits)
        guard let first = bytes.first, bytes.count > 1, bytes.allSatisfy({ $0 == first }) else { return .stored(bytes) }
        return EncodedStream(encoding: .constant, rawLength: bytes.count, bytes: [first])
    }

    /// The quantizer of the survivors' range; nil if there are none but zeros.
    private func quantizer(_ tensor: any DeltaSource, mask: GroupMask) throws(DeltaicError) -> DeltaDQQuantizer? {
        guard !tensor.statistics.isZero else { return nil }
        var minimum = Float.infinity
        var maximum = -Float.infinity
        for position in 0..<tensor.chunkCount {
            let delta = try tensor.chunk(position).delta
            for value in SparseValues.gather(delta, at: mask.positions(in: tensor.elementRange(ofChunk: position))) {
                minimum = value < minimum ? value : minimum
                maximum = value > maximum ? value : maximum
            }
        }
        guard minimum <= maximum, minimum != 0 || maximum != 0 else { return nil }
        guard (maximum - minimum).isFinite else {
            throw DeltaicError(
                .codecMisuse, "the range of the deltas overflows binary32", at: [tensor.name],
                found: "\(minimum) to \(maximum)", advice: "name `exact` for this tensor in a recipe")
        }
        return DeltaDQQuantizer(minimum: minimum, maximum: maximum, bits: bits)
    }

    /// The bytes that a tensor takes: exactly, but for chunks whose codes are all the same.
    func byteCount(_ tensor: any DeltaSource) -> Int {
        guard !tensor.statistics.isZero else { return LossyOverhead.tableBytes(tensor, terms: 0) }
        let kept = tensor.rows * GroupMask.keptOfRow(columns: tensor.columns, group: group, alpha: alpha)
        guard kept > 0 else { return LossyOverhead.tableBytes(tensor, terms: 0) }
        let parameters = DeltaDQTerm.Parameters(
            key: 0, alpha: alpha, group: group, quantizer: DeltaDQQuantizer(step: 1, zero: 0, bits: bits))
        return LossyOverhead.tableBytes(tensor) + tensor.chunkCount * parameters.bytes.count
            + (kept * bits + 7) / 8 + (tensor.chunkCount - 1) / 2
    }

    /// The expected |D_hat - D|^2 / |D|^2.
    func expectedNoise(_ tensor: any DeltaSource, errors: DeltaDQForecast) -> Double {
        guard !tensor.statistics.isZero else { return 0 }
        let short = tensor.columns % group
        let full = errors.noise(length: group, alpha: alpha)
        guard short > 0 else { return full }
        let share = Double(short) / Double(tensor.columns)
        return (1 - share) * full + share * errors.noise(length: short, alpha: alpha)
    }
}
