public import DeltaicCore
internal import Kernels

/// Stores a chunk on its own: byte planes of rotated words, each through the entropy stage.
///
/// The exponent plane of trained weights has about 2.6 bits of entropy and does not repeat, so it wants entropy coding without
/// matches; mantissa planes are close to noise and usually end up stored.
/// - SeeAlso: `Schema/pack/codec-payloads.md`, section 1.
public struct SoloCodec: TensorCodec {
    public init() {}

    public var id: CodecID { .solo }

    public func encode(_ chunk: ChunkInput, coder: some StreamCoder) throws(DeltaicError) -> [EncodedStream] {
        try encode(chunk.raw, layout: chunk.shape, coder: coder)
    }

    func encode(
        _ raw: [UInt8], layout shape: ChunkShape, coder: some StreamCoder
    ) throws(DeltaicError) -> [EncodedStream] {
        let isFloat = shape.layout.mantissaBits != nil
        // Text, tables and other bytes repeat in sequences; so may integers.
        guard shape.type != nil else { return [try coder.encode(raw, effort: .text)] }
        guard shape.width > 1 else { return [try coder.encode(raw, effort: .smallest)] }
        var streams: [EncodedStream] = []
        for plane in BytePlanes.split(raw, width: shape.width, rotated: isFloat) {
            streams.append(try coder.encode(plane, effort: isFloat && streams.isEmpty ? .literals : .smallest))
        }
        return streams
    }

    public func decode(
        _ streams: [EncodedStream], shape: ChunkShape, base: [UInt8]?, coder: some StreamCoder
    ) throws(DeltaicError) -> [UInt8] {
        if streams.count == 1 {
            let raw = try coder.decode(streams[0], limit: shape.byteCount)
            guard raw.count == shape.byteCount else {
                throw .malformed(
                    "C-02", "a stream has the wrong length", expected: "\(shape.byteCount)", found: "\(raw.count)")
            }
            return raw
        }
        guard streams.count == shape.width else {
            throw .malformed(
                "C-01", "wrong number of planes", expected: "1 or \(shape.width)", found: "\(streams.count)")
        }
        var planes: [[UInt8]] = []
        for stream in streams {
            let plane = try coder.decode(stream, limit: shape.elementCount)
            guard plane.count == shape.elementCount else {
                throw .malformed(
                    "C-02", "a plane has the wrong length", expected: "\(shape.elementCount)", found: "\(plane.count)")
            }
            planes.append(plane)
        }
        let isFloat = shape.layout.mantissaBits != nil
        guard let raw = BytePlanes.join(planes, width: shape.width, rotated: isFloat) else {
            throw .malformed("C-02", "the planes do not fit together")
        }
        return raw
    }
}
