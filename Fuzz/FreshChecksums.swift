internal import DeltaicCore

/// Gives packs the checksums that fit them, as a fuzzer that has to guess a hash finds nothing behind it.
enum FreshChecksums {
    private static let headerLength = 32
    private static let trailerLength = 96

    /// A pack with the header, record headers, index and trailer that its bytes should have.
    ///
    /// What they say is left as it is, but for the length of the file.
    static func pack(_ bytes: [UInt8]) throws -> [UInt8] {
        guard bytes.count >= headerLength + trailerLength else { return bytes }
        var bytes = records(bytes)
        bytes.replaceSubrange(0..<8, with: "DLTAPACK".utf8)
        put(FastHash.checksum(Array(bytes[..<24])), at: 24, in: &bytes)
        let trailer = bytes.count - trailerLength
        let offset = number(at: trailer, in: bytes)
        let length = number(at: trailer + 8, in: bytes)
        if offset <= trailer, length <= trailer - offset {
            let digest = try Digest.sha256(Array(bytes[offset..<offset + length]))
            bytes.replaceSubrange(trailer + 24..<trailer + 56, with: digest.bytes)
        }
        put(UInt64(bytes.count), at: trailer + 56, in: &bytes)
        put(FastHash.checksum(Array(bytes[trailer..<trailer + 80])), at: trailer + 80, in: &bytes)
        bytes.replaceSubrange(trailer + 88..<trailer + 96, with: "DLTAEND1".utf8)
        return bytes
    }

    /// A pack whose record headers, found by their lengths from the first one on, have checksums that fit.
    static func records(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var start = headerLength
        while start + 12 <= bytes.count, bytes[start..<start + 4].elementsEqual([0xD7, 0x4C, 0x54, 0x52]) {
            let length = Int(bytes[start + 6]) | Int(bytes[start + 7]) << 8
            let payload = (0..<4).reduce(0) { $0 | Int(bytes[start + 8 + $1]) << (8 * $1) }
            guard length >= 24, length <= bytes.count - start else { break }
            put(FastHash.checksum(Array(bytes[start..<start + length - 8])), at: start + length - 8, in: &bytes)
            guard payload <= bytes.count - start - length else { break }
            start += length + payload
        }
        return bytes
    }

    private static func number(at offset: Int, in bytes: [UInt8]) -> Int {
        let value = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
        return Int(truncatingIfNeeded: min(value, UInt64(bytes.count)))
    }

    private static func put(_ value: UInt64, at offset: Int, in bytes: inout [UInt8]) {
        for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
}
