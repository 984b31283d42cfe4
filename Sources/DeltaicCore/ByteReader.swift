/// Reads little-endian fields from bytes that came from outside; every read is checked against the end.
public struct ByteReader: Sendable {
    public let bytes: [UInt8]
    public private(set) var offset: Int
    private let end: Int
    private let place: String

    /// - Parameter place: what the bytes are, for errors ("pack index").
    public init(_ bytes: [UInt8], place: String) {
        self.bytes = bytes
        self.place = place
        offset = 0
        end = bytes.count
    }

    public var remaining: Int { end - offset }

    public mutating func uint8(_ field: String) throws(DeltaicError) -> UInt8 {
        try need(1, field)
        defer { offset += 1 }
        return bytes[offset]
    }

    public mutating func uint16(_ field: String) throws(DeltaicError) -> UInt16 {
        UInt16(truncatingIfNeeded: try word(2, field))
    }

    public mutating func uint32(_ field: String) throws(DeltaicError) -> UInt32 {
        UInt32(truncatingIfNeeded: try word(4, field))
    }

    public mutating func uint64(_ field: String) throws(DeltaicError) -> UInt64 {
        try word(8, field)
    }

    /// An unsigned 64-bit field that must fit a non-negative `Int` no greater than `limit`.
    public mutating func length(_ field: String, limit: Int) throws(DeltaicError) -> Int {
        let value = try word(8, field)
        guard value <= UInt64(limit) else {
            throw DeltaicError(
                .overBudget, "\(field) is out of bounds", at: [place], expected: "at most \(limit)", found: "\(value)")
        }
        return Int(value)
    }

    /// A LEB128 number of at most 63 bits that must be no greater than `limit`.
    public mutating func varint(_ field: String, limit: Int) throws(DeltaicError) -> Int {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try uint8(field)
            guard shift < 63 else {
                throw DeltaicError(.overBudget, "\(field) is no 63-bit number", at: [place])
            }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        guard value <= UInt64(limit) else {
            throw DeltaicError(
                .overBudget, "\(field) is out of bounds", at: [place], expected: "at most \(limit)", found: "\(value)")
        }
        return Int(value)
    }

    /// The next `count` bytes; the count is checked before anything is copied.
    public mutating func take(_ count: Int, _ field: String) throws(DeltaicError) -> [UInt8] {
        try need(count, field)
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    private mutating func word(_ width: Int, _ field: String) throws(DeltaicError) -> UInt64 {
        try need(width, field)
        var value: UInt64 = 0
        for position in 0..<width {
            value |= UInt64(bytes[offset + position]) << UInt64(8 * position)
        }
        offset += width
        return value
    }

    private func need(_ count: Int, _ field: String) throws(DeltaicError) {
        guard count >= 0, count <= end - offset else {
            throw DeltaicError(
                .truncated, "\(field) is cut off", at: [place, "offset \(offset)"], expected: "\(count) bytes",
                found: "\(end - offset)")
        }
    }
}
