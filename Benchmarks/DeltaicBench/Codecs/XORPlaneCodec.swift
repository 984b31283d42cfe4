import DeltaicCore

/// XOR with the base, planes of bytes, and a zstd frame for each plane: BitX and TensorX, as both papers describe themselves.
///
/// BitX (ZipLLM, arXiv 2505.06252) brings the exponent into a plane of its own and takes zstd's level 3; TensorX cuts plain
/// bytes and takes level 1. What they put around the frames counts nothing here.
final class XORPlaneCodec {
    private let isRotated: Bool
    private let zstd: ZstdFrames
    private var planes: [UInt8] = []

    init(isRotated: Bool, level: Int32) throws {
        self.isRotated = isRotated
        zstd = try ZstdFrames(level: level)
    }

    /// A stream for each plane, least significant first.
    func encode(_ raw: [UInt8], base: [UInt8], width: Int) throws -> [EncodedStream] {
        makeRoom(raw.count)
        let count = raw.count / width
        return try planes.withUnsafeMutableBytes { buffer in
            let planes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<raw.count])
            raw.withUnsafeBytes { raw in
                base.withUnsafeBytes { base in
                    XORPlanes(width: width, isRotated: isRotated).split(raw, base: base, planes: planes)
                }
            }
            return try (0..<width).map { plane in
                try zstd.encode(UnsafeRawBufferPointer(rebasing: planes[plane * count..<(plane + 1) * count]))
            }
        }
    }

    /// The raw bytes.
    func decode(_ streams: [EncodedStream], base: [UInt8], width: Int) throws -> [UInt8] {
        makeRoom(base.count)
        let count = base.count / width
        return try planes.withUnsafeMutableBytes { buffer in
            let planes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<base.count])
            for (plane, stream) in streams.enumerated() {
                try zstd.decode(
                    stream, into: UnsafeMutableRawBufferPointer(rebasing: planes[plane * count..<(plane + 1) * count]))
            }
            return base.withUnsafeBytes { base in
                filledArray(base.count) { raw in
                    XORPlanes(width: width, isRotated: isRotated).join(
                        UnsafeRawBufferPointer(planes), base: base, raw: raw)
                }
            }
        }
    }

    private func makeRoom(_ count: Int) {
        if planes.count < count { planes = [UInt8](repeating: 0, count: count) }
    }
}
