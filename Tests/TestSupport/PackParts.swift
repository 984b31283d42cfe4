internal import DeltaicCore

/// A pack taken apart and put together again straight from `Schema/pack/pack-format.md`.
///
/// Whatever is changed in between gets fresh checksums, so that a test meets the rule that it means.
public struct PackParts: Sendable {
    /// One record, with its place in ``records``.
    public struct Record: Sendable {
        public let start: Int
        public let kind: UInt8
        public let headerLength: Int
        public let payloadLength: Int
        public let fields: [UInt8]
        public let payload: [UInt8]
        /// The offset in the file.
        public var offset: Int { PackParts.headerLength + start }
        /// The bytes of header and payload, as a range of ``records``.
        public var range: Range<Int> { start..<start + headerLength + payloadLength }
    }

    static let headerLength = 32
    public static let trailerLength = 96
    public static let marker: [UInt8] = [0xD7, 0x4C, 0x54, 0x52]

    public var magic: [UInt8]
    public var version: UInt16
    public var criticalFlags: UInt16
    public var otherFlags: UInt32
    public var reserved: UInt64
    public var records: [UInt8]
    /// The stored index.
    public var index: [UInt8]
    public var indexEncoding: UInt8
    public var indexRawLength: UInt64

    /// Takes a whole pack apart; nothing is checked.
    public init(_ file: [UInt8]) {
        var header = ByteCursor(file)
        magic = header.take(8)
        version = UInt16(header.number(2))
        criticalFlags = UInt16(header.number(2))
        otherFlags = UInt32(header.number(4))
        reserved = header.number(8)
        var trailer = ByteCursor(file.suffix(Self.trailerLength))
        let offset = Int(trailer.number(8))
        let length = Int(trailer.number(8))
        indexRawLength = trailer.number(8)
        _ = trailer.take(40)
        indexEncoding = trailer.byte()
        records = Array(file[Self.headerLength..<offset])
        index = Array(file[offset..<offset + length])
    }

    /// The header with a fresh checksum.
    public var header: [UInt8] {
        var writer = ByteWriter()
        writer.append(magic)
        writer.integer(version)
        writer.integer(criticalFlags)
        writer.integer(otherFlags)
        writer.integer(reserved)
        writer.integer(FastHash.checksum(writer.bytes))
        return writer.bytes
    }

    /// The trailer with fresh lengths and checksums; `change` sees the first 80 bytes before they get theirs.
    public func trailer(_ change: (inout [UInt8]) -> Void = { _ in }) throws -> [UInt8] {
        let offset = Self.headerLength + records.count
        var writer = ByteWriter()
        writer.integer(UInt64(offset))
        writer.integer(UInt64(index.count))
        writer.integer(indexRawLength)
        writer.append(try Digest.sha256(index).bytes)
        writer.integer(UInt64(offset + index.count + Self.trailerLength))
        writer.integer(indexEncoding)
        writer.append([UInt8](repeating: 0, count: 15))
        var bytes = writer.bytes
        change(&bytes)
        var end = ByteWriter()
        end.append(bytes)
        end.integer(FastHash.checksum(bytes))
        end.append(Array("DLTAEND1".utf8))
        return end.bytes
    }

    /// The whole pack.
    public func file(trailer change: (inout [UInt8]) -> Void = { _ in }) throws -> [UInt8] {
        header + records + index + (try trailer(change))
    }

    /// The records from the first on, found by their lengths alone.
    public var walk: [Record] {
        var found: [Record] = []
        var start = 0
        while start < records.count {
            var cursor = ByteCursor(records[start...].prefix(1024))
            guard cursor.take(4) == Self.marker else { return found }
            let kind = cursor.byte()
            _ = cursor.byte()
            let headerLength = Int(cursor.number(2))
            let payloadLength = Int(cursor.number(4))
            guard headerLength >= 24, start + headerLength + payloadLength <= records.count else { return found }
            let fields = cursor.take(headerLength - 20)
            let payload = Array(records[start + headerLength..<start + headerLength + payloadLength])
            let record = Record(
                start: start, kind: kind, headerLength: headerLength, payloadLength: payloadLength, fields: fields,
                payload: payload)
            found.append(record)
            start = record.range.upperBound
        }
        return found
    }

    /// Whether a record's checksum covers its header.
    public func isIntact(_ record: Record) -> Bool {
        let end = record.start + record.headerLength
        var checksum = ByteCursor(records[end - 8..<end])
        return checksum.number(8) == FastHash.checksum(Array(records[record.start..<end - 8]))
    }

    /// Changes a record's header, and gives it a fresh checksum.
    public mutating func patch(_ record: Record, _ change: (inout [UInt8]) -> Void) {
        let end = record.start + record.headerLength
        var header = Array(records[record.start..<end - 8])
        change(&header)
        var writer = ByteWriter()
        writer.append(header)
        writer.integer(FastHash.checksum(header))
        records.replaceSubrange(record.start..<end, with: writer.bytes)
    }

    /// A record of any kind.
    public static func record(kind: UInt8, fields: [UInt8], payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(marker)
        writer.append([kind, 0])
        writer.integer(UInt16(20 + fields.count))
        writer.integer(UInt32(payload.count))
        writer.append(fields)
        writer.integer(FastHash.checksum(writer.bytes))
        writer.append(payload)
        return writer.bytes
    }

    /// Replaces the index by another, stored as it is.
    public mutating func setIndex(_ fields: PackIndexFields) {
        index = fields.bytes
        indexEncoding = 0
        indexRawLength = UInt64(index.count)
    }
}
