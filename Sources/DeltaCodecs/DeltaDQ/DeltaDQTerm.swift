internal import DeltaicCore
internal import Kernels

/// The layout of a deltadq term.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 10.
struct DeltaDQTerm: TermDecoder {
    var kind: CodecID { .deltaDQ }

    /// The domain of the generator that masks are drawn in.
    static let domain = UInt32(CodecID.deltaDQ.number)

    /// Stream 0.
    struct Parameters {
        let key: UInt64
        let alpha: Int
        let group: Int
        let quantizer: DeltaDQQuantizer

        init(key: UInt64, alpha: Int, group: Int, quantizer: DeltaDQQuantizer) {
            self.key = key
            self.alpha = alpha
            self.group = group
            self.quantizer = quantizer
        }

        var bytes: [UInt8] {
            var writer = ByteWriter()
            writer.integer(key)
            writer.varint(alpha)
            writer.varint(group)
            writer.append([UInt8(quantizer.bits)])
            writer.float(quantizer.step)
            writer.float(quantizer.zero)
            return writer.bytes
        }

        init(_ bytes: [UInt8]) throws(DeltaicError) {
            var reader = ByteReader(bytes, place: "deltadq parameters")
            key = try reader.uint64("key")
            alpha = try reader.varint("C-81: alpha", limit: GroupMask.groupLimit)
            group = try reader.varint("C-81: group", limit: GroupMask.groupLimit)
            guard alpha >= 1, group >= 1 else {
                throw .malformed("C-81", "alpha and group are at least 1", found: "\(alpha) and \(group)")
            }
            let bits = Int(try reader.uint8("bits"))
            guard (1...8).contains(bits) else {
                throw .malformed("C-82", "wrong number of bits", expected: "1 to 8", found: "\(bits)")
            }
            let step = try reader.float("step")
            quantizer = DeltaDQQuantizer(step: step, zero: try reader.float("zero"), bits: bits)
            guard reader.remaining == 0 else { throw .malformed("C-83", "bytes follow the parameters") }
        }

        func mask(columns: Int) -> GroupMask {
            GroupMask(key: key, domain: DeltaDQTerm.domain, columns: columns, group: group, alpha: alpha)
        }

        /// What values of a group of a length are multiplied with: one over the share of it that is kept.
        func factor(length: Int) -> Float {
            Float(length) / Float(max(1, GroupMask.kept(of: length, alpha: alpha)))
        }
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        try streams.require(2, "C-80")
        let parameters = try Parameters(try coder.decode(streams[0], limit: 64))
        let bits = parameters.quantizer.bits
        let mask = parameters.mask(columns: context.columns)
        let positions = mask.positions(in: context.firstElement..<context.firstElement + context.count)
        let bytes = try coder.decode(
            streams[1], length: PackedBits.byteCount(count: positions.count, bits: bits), rule: "C-84", what: "codes")
        let codes = PackedBits.unpack(bytes, count: positions.count, bits: bits) ?? []
        let levels = parameters.quantizer.levels
        let full = levels.map { $0 * parameters.factor(length: parameters.group) }
        let shortStart = mask.shortStart
        guard shortStart < context.columns else {
            SparseValues.add(levels: full, codes: codes, at: positions, to: &delta)
            return
        }
        let short = levels.map { $0 * parameters.factor(length: context.columns - shortStart) }
        // Where the row of the current position begins, counted from the chunk's first element.
        var row = -(context.firstElement % context.columns)
        for (position, code) in zip(positions, codes) {
            while Int(position) - row >= context.columns { row += context.columns }
            let isShort = Int(position) - row >= shortStart
            delta[Int(position)] += isShort ? short[Int(code)] : full[Int(code)]
        }
    }
}
