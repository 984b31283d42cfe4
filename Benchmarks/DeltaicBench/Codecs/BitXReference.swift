import DeltaicCore
import TensorFiles

/// An independent, small BitX, to compare bytes with: XOR with the base, byte planes, zstd level 3 on each plane of a whole
/// tensor; a tensor without a partner, and every other file, through zstd level 3 as it is.
///
/// Both ways to cut the planes are tried (plain bytes; exponent and sign-mantissa as in the ZipLLM paper, arXiv 2505.06252)
/// and the smaller is counted. No header, index or checksum is counted.
struct BitXReference {
    /// The bytes that the model takes.
    static func size(of model: ModelDirectory, base: ModelDirectory) throws -> Int {
        let partners = try NamedTensor.all(in: base)
        var total = 0
        for file in model.files {
            let reader = try ReadOnlyFile(path: file.absolutePath)
            guard case .safetensors(let header) = file.content else {
                total += try zstd(reader.read(0..<file.size))
                continue
            }
            total += try zstd(header.headerBytes)
            for entry in header.entries {
                let raw = try reader.read(entry.bytes)
                if let partner = partners[entry.name], partner.entry.shape == entry.shape,
                    partner.entry.type == entry.type
                {
                    let other = try partner.file.read(partner.entry.bytes)
                    total += try delta(raw, other, width: entry.type.width)
                } else {
                    total += try zstd(raw)
                }
            }
        }
        return total
    }

    private static func delta(_ raw: [UInt8], _ base: [UInt8], width: Int) throws -> Int {
        try [false, true].map { isRotated in
            let codec = try XORPlaneCodec(isRotated: isRotated, level: 3)
            return try codec.encode(raw, base: base, width: width).reduce(0) { $0 + $1.bytes.count }
        }.min() ?? raw.count
    }

    /// The length of one zstd level 3 frame, or of the bytes if that is less.
    private static func zstd(_ bytes: [UInt8]) throws -> Int {
        try bytes.withUnsafeBytes { try ZstdFrames(level: 3).encode($0).bytes.count }
    }
}
