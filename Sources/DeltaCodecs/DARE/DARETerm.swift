internal import DeltaicCore
internal import Kernels

/// The layout of a dare term.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 9.
struct DARETerm: TermDecoder {
    var kind: CodecID { .dare }

    /// The domain of the generator that masks are drawn in.
    static let domain = UInt32(CodecID.dare.number)

    /// Stream 0.
    struct Parameters {
        let values: DAREValues
        /// What every stored value is multiplied with.
        let factor: Float
        /// How the mask is drawn; nil if positions are stored.
        let mask: StoredMask?

        init(values: DAREValues, factor: Float, mask: StoredMask?) {
            self.values = values
            self.factor = factor
            self.mask = mask
        }

        var bytes: [UInt8] {
            var writer = ByteWriter()
            writer.append([mask == nil ? 1 : 0, values.number])
            writer.float(factor)
            mask?.write(to: &writer)
            return writer.bytes
        }

        init(_ bytes: [UInt8]) throws(DeltaicError) {
            var reader = ByteReader(bytes, place: "dare parameters")
            let form = try reader.uint8("positions")
            guard form <= 1 else { throw .malformed("C-71", "unknown form of positions", found: "\(form)") }
            let number = try reader.uint8("values")
            guard let values = DAREValues(number: number) else {
                throw .malformed("C-72", "unknown form of values", expected: "0 to 2", found: "\(number)")
            }
            self.values = values
            factor = try reader.float("factor")
            mask = form == 1 ? nil : try StoredMask(from: &reader, rule: "C-73")
            guard reader.remaining == 0 else { throw .malformed("C-74", "bytes follow the parameters") }
        }
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard let first = streams.first else { throw .malformed("C-70", "the parameters are missing") }
        let parameters = try Parameters(try coder.decode(first, limit: 64))
        let positions = try parameters.mask.positions(
            of: streams, domain: Self.domain, context: context, rule: "C-70", coder: coder)
        let words = try coder.decode(
            streams[streams.count - 1], length: positions.count * parameters.values.width, rule: "C-75",
            what: "values")
        SparseValues.add(
            parameters.values.format.values(of: words), times: parameters.factor, at: positions, to: &delta)
    }
}
