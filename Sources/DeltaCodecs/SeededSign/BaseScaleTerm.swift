internal import DeltaicCore

/// A multiple of the base: what weight decay leaves of a delta that no gradient touched.
///
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 13.
struct BaseScaleTerm: TermDecoder {
    var kind: CodecID { .baseScale }

    static func encode(_ scale: Float) -> LossyTerm {
        var writer = ByteWriter()
        writer.integer(scale.bitPattern)
        return LossyTerm(
            kind: .baseScale,
            streams: [EncodedStream(encoding: .stored, rawLength: writer.bytes.count, bytes: writer.bytes)])
    }

    func add(
        _ streams: [EncodedStream], to delta: inout [Float], context: TermContext, shared: any SharedBytes,
        coder: any StreamCoder
    ) throws(DeltaicError) {
        guard streams.count == 1 else {
            throw .malformed("C-130", "wrong number of streams", expected: "1", found: "\(streams.count)")
        }
        var reader = ByteReader(try coder.decode(streams[0], limit: 4), place: "scale")
        let scale = Float(bitPattern: try reader.uint32("scale"))
        delta.withUnsafeMutableBufferPointer { delta in
            context.base.withUnsafeBufferPointer { base in
                for index in 0..<delta.count { delta[index] += scale * base[index] }
            }
        }
    }
}
