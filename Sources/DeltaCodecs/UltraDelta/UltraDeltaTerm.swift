internal import DeltaicCore
internal import Kernels

/// The layout of an ultradelta term.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 11.
struct UltraDeltaTerm: TermDecoder {
    var kind: CodecID { .ultraDelta }

    /// The domain of the generator that seeded masks are drawn in.
    static let domain = UInt32(CodecID.ultraDelta.number)

    /// Stream 0.
    enum Parameters {
        /// All deltas are this.
        case constant(Float)
        case sparse(Sparse)

        struct Sparse {
            let grid: UniformGrid
            let codes: UltraDeltaOptions.Codes
            /// What every level is multiplied with.
            let factor: Float
            /// How the mask is drawn; nil if positions are stored.
            let mask: StoredMask?
        }

        var bytes: [UInt8] {
            var writer = ByteWriter()
            switch self {
            case .constant(let value):
                writer.append([2])
                writer.float(value)
            case .sparse(let sparse):
                writer.append([sparse.mask == nil ? 1 : 0, UInt8(sparse.grid.bits), sparse.codes == .plain ? 0 : 1])
                writer.float(sparse.grid.lowest)
                writer.float(sparse.grid.highest)
                writer.float(sparse.factor)
                sparse.mask?.write(to: &writer)
            }
            return writer.bytes
        }

        init(_ bytes: [UInt8]) throws(DeltaicError) {
            var reader = ByteReader(bytes, place: "ultradelta parameters")
            let form = try reader.uint8("form")
            guard form <= 2 else { throw .malformed("C-91", "unknown form", expected: "0 to 2", found: "\(form)") }
            if form == 2 {
                self = .constant(try reader.float("value"))
            } else {
                let bits = Int(try reader.uint8("bits"))
                guard (1...8).contains(bits) else {
                    throw .malformed("C-92", "wrong number of bits", expected: "1 to 8", found: "\(bits)")
                }
                let packing = try reader.uint8("codes")
                guard packing <= 1 else { throw .malformed("C-93", "unknown form of codes", found: "\(packing)") }
                let lowest = try reader.float("lowest value")
                let highest = try reader.float("highest value")
                let factor = try reader.float("factor")
                let mask = form == 0 ? try StoredMask(from: &reader, rule: "C-94") : nil
                self = .sparse(
                    Sparse(
                        grid: UniformGrid(lowest: lowest, highest: highest, bits: bits),
                        codes: packing == 0 ? .plain : .entropy, factor: factor, mask: mask))
            }
            guard reader.remaining == 0 else { throw .malformed("C-95", "bytes follow the parameters") }
        }
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard let first = streams.first else { throw .malformed("C-90", "the parameters are missing") }
        switch try Parameters(try coder.decode(first, limit: 64)) {
        case .constant(let value):
            try streams.require(1, "C-90")
            for index in delta.indices { delta[index] += value }
        case .sparse(let sparse):
            let positions = try sparse.mask.positions(
                of: streams, domain: Self.domain, context: context, rule: "C-90", coder: coder)
            let codes = try codes(streams[streams.count - 1], sparse, count: positions.count, coder: coder)
            SparseValues.add(
                levels: sparse.grid.levels.map { $0 * sparse.factor }, codes: codes, at: positions, to: &delta)
        }
    }

    private func codes(
        _ stream: EncodedStream, _ sparse: Parameters.Sparse, count: Int, coder: any StreamCoder
    ) throws(DeltaicError) -> [UInt8] {
        let bits = sparse.grid.bits
        guard sparse.codes == .plain else {
            let codes = try coder.decode(stream, length: count, rule: "C-96", what: "codes")
            guard codes.allSatisfy({ Int($0) < 1 << bits }) else {
                throw .malformed("C-97", "a code is out of range", expected: "below \(1 << bits)")
            }
            return codes
        }
        let length = PackedBits.byteCount(count: count, bits: bits)
        let bytes = try coder.decode(stream, length: length, rule: "C-96", what: "codes")
        return PackedBits.unpack(bytes, count: count, bits: bits) ?? []
    }
}
