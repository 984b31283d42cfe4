internal import DeltaicCore

/// A chunk as the header before it says that it lies in a xorb.
public struct XorbChunk: Sendable, Equatable {
    /// How the bytes of a chunk are stored.
    public enum Coding: UInt8, Sendable {
        /// As they are.
        case none = 0
        /// One LZ4 frame.
        case lz4 = 1
        /// One LZ4 frame of the bytes in groups: first all those at positions 0, 4, 8, ..., then at 1, 5, 9, ...
        case groupedLZ4 = 2
    }

    /// The bytes of a header.
    public static let headerLength = 8
    /// The most bytes of a chunk, raw or stored: clients cut at 128 KiB, and a header could say 16 MiB.
    public static let longest = 1 << 20

    public let coding: Coding
    /// Where the stored bytes begin, after the header.
    public let offset: Int
    public let storedLength: Int
    public let rawLength: Int

    var end: Int { offset + storedLength }

    /// - Parameters:
    ///   - header: eight bytes, which begin at `start` of a file.
    /// - Throws: `.malformedXorb`.
    init(header: [UInt8], at start: Int) throws(DeltaicError) {
        var fields = ByteReader(header, place: "chunk header")
        let version = try fields.uint8("version")
        let storedLength = try fields.uint24("stored length")
        let coding = try fields.uint8("coding")
        let rawLength = try fields.uint24("raw length")
        let places = ["offset \(start)"]
        guard version == 0 else {
            throw .xorb("unknown version of a chunk", at: places, expected: "0", found: "\(version)")
        }
        guard let known = Coding(rawValue: coding) else {
            throw .xorb("unknown coding of a chunk", at: places, expected: "0, 1 or 2", found: "\(coding)")
        }
        let lengths = 1...Self.longest
        for length in [storedLength, rawLength] where !lengths.contains(length) {
            throw .xorb("a chunk has no such length", at: places, expected: "1 to \(Self.longest)", found: "\(length)")
        }
        guard known != .none || storedLength == rawLength else {
            throw .xorb(
                "a chunk that is stored as it is has two lengths", at: places, expected: "\(rawLength)",
                found: "\(storedLength)")
        }
        self.coding = known
        offset = start + Self.headerLength
        self.storedLength = storedLength
        self.rawLength = rawLength
    }
}

extension ByteReader {
    fileprivate mutating func uint24(_ field: String) throws(DeltaicError) -> Int {
        let low = Int(try uint16(field))
        return low | Int(try uint8(field)) << 16
    }
}
