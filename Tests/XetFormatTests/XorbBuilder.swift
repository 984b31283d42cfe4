internal import DeltaicCore

/// Writes xorbs, right or wrong, for tests.
struct XorbBuilder {
    private(set) var bytes: [UInt8] = []

    /// Adds a chunk; the fields are those of its content unless they are given.
    mutating func add(
        _ stored: [UInt8], version: UInt8 = 0, coding: UInt8 = 0, storedLength: Int? = nil, rawLength: Int? = nil
    ) {
        bytes.append(version)
        bytes += Self.three(storedLength ?? stored.count)
        bytes.append(coding)
        bytes += Self.three(rawLength ?? stored.count)
        bytes += stored
    }

    mutating func append(_ more: [UInt8]) { bytes += more }

    private static func three(_ value: Int) -> [UInt8] {
        (0..<3).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// An LZ4 frame whose blocks are stored as they are.
    static func frame(_ raw: [UInt8], blockLength: Int = 65_536) -> [UInt8] {
        // Version 1, independent blocks of at most 64 KiB, no checksums; the last byte is the header's own checksum.
        var frame: [UInt8] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]
        for start in stride(from: 0, to: raw.count, by: blockLength) {
            let block = raw[start..<min(start + blockLength, raw.count)]
            var writer = ByteWriter()
            writer.integer(UInt32(block.count) | 1 << 31)
            frame += writer.bytes + block
        }
        return frame + [0, 0, 0, 0]
    }

    /// The bytes in groups by their position modulo four.
    static func grouped(_ raw: [UInt8]) -> [UInt8] {
        (0..<4).flatMap { group in stride(from: group, to: raw.count, by: 4).map { raw[$0] } }
    }
}
