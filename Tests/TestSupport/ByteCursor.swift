/// Reads fields of bytes that are known to be whole: for tests that take files apart without the code under test.
public struct ByteCursor: Sendable {
    public private(set) var rest: ArraySlice<UInt8>

    public init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    /// The next bytes, or as many as there are.
    public mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// A little-endian number of `count` bytes.
    public mutating func number(_ count: Int) -> UInt64 {
        take(count).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }

    public mutating func byte() -> UInt8 { UInt8(number(1)) }

    /// A LEB128 number.
    public mutating func varint() -> Int {
        let next = Int(byte())
        return next < 128 ? next : next & 127 | varint() << 7
    }
}
