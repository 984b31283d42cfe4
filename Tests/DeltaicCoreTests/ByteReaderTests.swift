internal import DeltaicCore
internal import TestSupport
internal import Testing

@Suite("Byte reader and writer")
struct ByteReaderTests {
    private func refusal(_ body: () throws(DeltaicError) -> Void) throws -> DeltaicError {
        try #require(throws: DeltaicError.self) { try body() }
    }

    @Test("fields come back in little-endian order")
    func fields() throws {
        var writer = ByteWriter()
        writer.integer(0x12 as UInt8)
        writer.integer(0x3456 as UInt16)
        writer.integer(0x789A_BCDE as UInt32)
        writer.integer(0x0123_4567_89AB_CDEF as UInt64)
        writer.append([1, 2, 3])
        #expect(writer.bytes.prefix(3) == [0x12, 0x56, 0x34])
        var reader = ByteReader(writer.bytes, place: "test")
        #expect(try reader.uint8("a") == 0x12)
        #expect(try reader.uint16("b") == 0x3456)
        #expect(try reader.uint32("c") == 0x789A_BCDE)
        #expect(try reader.uint64("d") == 0x0123_4567_89AB_CDEF)
        #expect(reader.offset == 15 && reader.remaining == 3)
        #expect(try reader.take(3, "e") == [1, 2, 3])
        #expect(reader.remaining == 0)
    }

    @Test("a field that is cut off is refused, by name and place", arguments: 0..<8)
    func truncated(count: Int) throws {
        let bytes = [UInt8](repeating: 1, count: count)
        var reader = ByteReader(bytes, place: "the test")
        var error = try refusal { () throws(DeltaicError) in _ = try reader.uint64("field x") }
        #expect(error.code == .truncated)
        #expect("\(error)".contains("field x") && "\(error)".contains("the test"))
        // Nothing was consumed, so a smaller field can still be read.
        #expect(reader.offset == 0)
        error = try refusal { () throws(DeltaicError) in _ = try reader.take(count + 1, "rest") }
        #expect(error.code == .truncated)
        #expect(try reader.take(count, "rest") == bytes)
    }

    @Test("counts that no array has are refused", arguments: [-1, Int.min, Int.max])
    func counts(count: Int) throws {
        var reader = ByteReader([1, 2], place: "test")
        #expect(try refusal { () throws(DeltaicError) in _ = try reader.take(count, "x") }.code == .truncated)
    }

    @Test("a length over its limit is over budget", arguments: [11, UInt64(Int.max), UInt64(Int.max) + 1, .max])
    func length(value: UInt64) throws {
        var writer = ByteWriter()
        writer.integer(value)
        var reader = ByteReader(writer.bytes, place: "test")
        #expect(try refusal { () throws(DeltaicError) in _ = try reader.length("x", limit: 10) }.code == .overBudget)
        reader = ByteReader(writer.bytes, place: "test")
        if value <= UInt64(Int.max) { #expect(try reader.length("x", limit: .max) == Int(value)) }
    }

    @Test("varints come back, and take seven bits a byte")
    func varint() throws {
        for (value, size) in [
            (0, 1), (1, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (1 << 56 - 1, 8), (1 << 56, 9), (.max, 9),
        ] {
            var writer = ByteWriter()
            writer.varint(value)
            #expect(writer.bytes.count == size, "\(value)")
            var reader = ByteReader(writer.bytes, place: "test")
            #expect(try reader.varint("x", limit: .max) == value)
            #expect(reader.remaining == 0)
        }
    }

    @Test("a varint over its limit is over budget, and at its limit is not")
    func varintLimit() throws {
        var reader = ByteReader([0x80, 0x01], place: "test")
        #expect(try reader.varint("x", limit: 128) == 128)
        reader = ByteReader([0x80, 0x01], place: "test")
        #expect(try refusal { () throws(DeltaicError) in _ = try reader.varint("x", limit: 127) }.code == .overBudget)
    }

    @Test("a varint of more than 63 bits is refused", arguments: [[1], [0], [0x7F], [0x80, 1]] as [[UInt8]])
    func varintTooLong(end: [UInt8]) throws {
        var reader = ByteReader([UInt8](repeating: 0xFF, count: 9) + end, place: "test")
        let error = try refusal { () throws(DeltaicError) in _ = try reader.varint("x", limit: .max) }
        #expect(error.code == .overBudget)
    }

    @Test("a varint with needless bytes is read for what it says")
    func varintOverlong() throws {
        var reader = ByteReader([0x85, 0x80, 0x00], place: "test")
        #expect(try reader.varint("x", limit: 10) == 5)
        #expect(reader.remaining == 0)
    }

    @Test("a varint that is cut off is refused")
    func varintTruncated() throws {
        for bytes in [[], [0x80], [0xFF, 0xFF]] as [[UInt8]] {
            var reader = ByteReader(bytes, place: "test")
            #expect(
                try refusal { () throws(DeltaicError) in _ = try reader.varint("x", limit: .max) }.code == .truncated)
        }
    }
}
