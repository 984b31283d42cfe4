import CZstd
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
        var plain = [[UInt8]](repeating: [], count: width)
        var rotated = plain
        for start in stride(from: 0, to: raw.count, by: width) {
            var word: UInt64 = 0
            for byte in 0..<width { word |= UInt64(raw[start + byte] ^ base[start + byte]) << UInt64(8 * byte) }
            let top = UInt64(8 * width - 1)
            let turned = (word << 1) | (word >> top)
            for byte in 0..<width {
                plain[byte].append(UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)))
                rotated[byte].append(UInt8(truncatingIfNeeded: turned >> UInt64(8 * byte)))
            }
        }
        return min(try plain.reduce(0) { try $0 + zstd($1) }, try rotated.reduce(0) { try $0 + zstd($1) })
    }

    /// The length of one zstd level 3 frame, or of the bytes if that is less.
    private static func zstd(_ bytes: [UInt8]) throws -> Int {
        let capacity = ZSTD_compressBound(bytes.count)
        var target = [UInt8](repeating: 0, count: capacity)
        let length = ZSTD_compress(&target, capacity, bytes, bytes.count, 3)
        guard ZSTD_isError(length) == 0 else { throw BenchmarkFailure("zstd failed in the BitX reference") }
        return min(length, bytes.count)
    }
}
