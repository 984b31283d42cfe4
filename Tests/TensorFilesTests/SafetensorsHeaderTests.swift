internal import DeltaicCore
internal import TensorFiles
internal import TestSupport
internal import Testing

@Suite("Safetensors headers that are accepted")
struct AcceptedHeaderTests {
    @Test("entries carry name, dtype, shape and the absolute byte range, in file order")
    func entries() throws {
        var builder = SafetensorsBuilder()
        builder.add("z", .bfloat16, [2, 3], [UInt8](repeating: 1, count: 12))
        builder.add("a", .float32, [], [0, 0, 0, 0])
        let directory = try TemporaryDirectory()
        let bytes = builder.bytes()
        let header = try SafetensorsHeader.read(from: ReadOnlyFile(path: directory.write("m.safetensors", bytes)))
        let start = bytes.count - 16
        #expect(header.entries.map(\.name) == ["z", "a"])
        #expect(header.entries.map(\.type) == [.bfloat16, .float32])
        #expect(header.entries.map(\.shape.dimensions) == [[2, 3], []])
        #expect(header.entries.map(\.bytes) == [start..<start + 12, start + 12..<start + 16])
    }

    @Test("every dtype with its width is accepted", arguments: ElementType.allCases)
    func everyType(type: ElementType) throws {
        let header = try parse(
            #"{"a":{"dtype":"\#(type.rawValue)","shape":[3],"data_offsets":[0,\#(3 * type.width)]}}"#,
            data: 3 * type.width)
        #expect(header.entries.first?.type == type)
    }

    @Test("header bytes are kept as they are, whitespace, key order and padding included")
    func verbatim() throws {
        var builder = SafetensorsBuilder()
        builder.metadata = ["format": "pt", "z": "é\"\\\u{1}"]
        builder.whitespace = " \n\t"
        builder.padding = 13
        builder.add("w", .uint8, [5], [1, 2, 3, 4, 5])
        let bytes = builder.bytes()
        let directory = try TemporaryDirectory()
        let header = try SafetensorsHeader.read(from: ReadOnlyFile(path: directory.write("m.safetensors", bytes)))
        #expect(header.headerBytes + [1, 2, 3, 4, 5] == bytes)
        #expect(header.metadata == builder.metadata)
    }

    @Test(
        "a file without tensors is accepted",
        arguments: ["{}", "{ }  ", #"{"__metadata__":{}}"#, #"{"__metadata__":null}"#])
    func empty(json: String) throws {
        #expect(try parse(json).entries.isEmpty)
    }

    @Test("tensors of no bytes share an offset with each other and with the next tensor")
    func zeroSize() throws {
        let json = """
            {"z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"y":{"dtype":"F32","shape":[4,0],"data_offsets":[0,0]},
            "a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}
            """
        #expect(try parse(json, data: 2).entries.map(\.name) == ["a", "y", "z", "b"])
    }

    @Test("tensors may be listed in another order than they lie")
    func anyOrder() throws {
        let json =
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        #expect(try parse(json, data: 2).entries.map(\.name) == ["b", "a"])
    }

    @Test("keys of a tensor that the format does not know are ignored")
    func unknownKeys() throws {
        let json =
            #"{"a":{"x":[1.5e-3,{"y":[null,true,false,"s",-0]}],"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        #expect(try parse(json, data: 1).entries.count == 1)
    }

    @Test("escapes in names are decoded, surrogate pairs included")
    func escapes() throws {
        let json = #"{"\u00e9\ud83d\ude00\/\n\"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        #expect(try parse(json, data: 1).entries.first?.name == "é😀/\n\"")
    }

    @Test("nesting up to the limit of the reference reader is accepted")
    func deepest() throws {
        let nested = String(repeating: "[", count: 125) + String(repeating: "]", count: 125)
        let json = #"{"a":{"x":\#(nested),"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        #expect(try parse(json, data: 1).entries.count == 1)
    }

    @Test("a shape may have as many dimensions as PyTorch allows")
    func highestRank() throws {
        let shape = Array(repeating: "1", count: 64).joined(separator: ",")
        #expect(
            try parse(#"{"a":{"dtype":"U8","shape":[\#(shape)],"data_offsets":[0,1]}}"#, data: 1).entries.count == 1)
    }
}

@Suite("Safetensors headers that are refused")
struct RefusedHeaderTests {
    /// JSON of one tensor `t` of 4 bytes with these fields.
    private static func tensor(_ type: String, _ shape: String, _ offsets: String) -> String {
        #"{"t":{"dtype":\#(type),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
    }

    @Test("a file shorter than its length field is refused", arguments: 0..<8)
    func tooShort(count: Int) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("m.safetensors", [UInt8](repeating: 0, count: count))
        let error = refusal { _ = try SafetensorsHeader.read(from: ReadOnlyFile(path: path)) }
        #expect(error?.code == .malformedSafetensors)
        #expect(error?.places.first == path)
    }

    @Test(
        "a length out of bounds is refused before anything is read",
        arguments: [UInt64.max, 1 << 63, (1 << 63) - 1, 100_000_001, 100_000_000, 3] as [UInt64])
    func length(length: UInt64) throws {
        var writer = ByteWriter()
        writer.integer(length)
        writer.append("{}".utf8)
        let directory = try TemporaryDirectory()
        let path = try directory.write("m.safetensors", writer.bytes)
        let error = refusal { _ = try SafetensorsHeader.read(from: ReadOnlyFile(path: path)) }
        #expect(error?.code == .malformedSafetensors)
    }

    @Test("header bytes that are longer or shorter than their length field are refused", arguments: [-1, 1])
    func lengthMismatch(change: Int) {
        var bytes = SafetensorsBuilder.file(json: Array("{} ".utf8), data: [])
        bytes[0] = UInt8(3 + change)
        #expect(refusal { _ = try SafetensorsHeader.parse(bytes, fileSize: 1000) }?.code == .malformedSafetensors)
    }

    private static let malformed: [String] = [
        "", " {}", "[]", "\"\"", "{", "{}x", "{},", "{} {}", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":{}"#, "{'a':1}",
        #"{"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4],}}"#, tensor(#""U8""#, "[4,]", "[0,4]"),
        tensor(#""U8""#, "[,4]", "[0,4]"), tensor(#""U8""#, "[4 4]", "[0,4]"), tensor(#""U8""#, "[04]", "[0,4]"),
        tensor(#""U8""#, "[+4]", "[0,4]"), tensor(#""U8""#, "[4", "[0,4]"), #"{"t":{"shape":[4],"dtype":"U8"#,
        "{\"a\u{1}\":{}}", #"{"\x":{}}"#, #"{"\u12":{}}"#, #"{"\u12g4":{}}"#, #"{"\ud800":{}}"#, #"{"\udc00":{}}"#,
        #"{"\ud800\u0041":{}}"#, #"{"\"#, #"{"\u"#, #"{"__metadata__":nul}"#, "\u{feff}{}",
        #"{"t":{"x":1.,"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
        #"{"t":{"x":NaN,"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
        #"{"t":{"x":1e999,"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
        #"{"t":{"x":1e,"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
    ]

    @Test("JSON that is not strict is refused", arguments: malformed)
    func syntax(json: String) throws {
        let code = refusal { _ = try parse(json, data: 4) }?.code
        #expect(code == .malformedSafetensors)
        try Evidence.record(
            family: 11, "headers that are not strict JSON", tried: 1, outcomes: [code == nil ? "wrong" : "refused": 1])
    }

    @Test(
        "invalid UTF-8 in a name is refused",
        arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]] as [[UInt8]])
    func invalidUTF8(name: [UInt8]) throws {
        let rest = Array(#"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#.utf8)
        let error = refusal { _ = try parse(Array("{\"".utf8) + name + rest, data: 1) }
        #expect(error?.code == .malformedSafetensors)
        #expect(error?.places == ["byte 9"])
        try Evidence.record(
            family: 11, "names that are not UTF-8", tried: 1, outcomes: [error == nil ? "wrong" : "refused": 1])
    }

    @Test("nesting beyond the limit is refused", arguments: [126, 100_000])
    func tooDeep(depth: Int) {
        let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let error = refusal { _ = try parse(#"{"a":{"x":\#(nested)}}"#) }
        #expect(error?.message.contains("nested") == true)
    }

    @Test(
        "a key that appears twice is refused, with the same value or another",
        arguments: [
            #"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
            #"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}"#,
            #"{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0074":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
            #"{"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
            #"{"t":{"dtype":"U8","shape":[0],"shape":[0,1],"data_offsets":[0,0]}}"#,
            #"{"__metadata__":{"a":"1","a":"1"}}"#, #"{"__metadata__":{},"__metadata__":{}}"#,
        ])
    func duplicates(json: String) throws {
        let error = refusal { _ = try parse(json) }
        #expect(error?.message.contains("appears twice") == true)
        try Evidence.record(
            family: 11, "keys that appear twice", tried: 1, outcomes: [error == nil ? "wrong" : "refused": 1])
    }

    @Test("two Unicode spellings of one name are refused")
    func canonicalTwins() {
        let value = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        let error = refusal { _ = try parse("{\"\u{e9}\":\(value),\"e\u{301}\":\(value)}") }
        #expect(error?.message.contains("appears twice") == true)
    }

    @Test("NUL in a tensor's name is refused")
    func nulName() {
        let error = refusal { _ = try parse(#"{"a\u0000b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#) }
        #expect(error?.message.contains("NUL") == true)
    }

    @Test(
        "dtypes that are unknown or smaller than a byte are refused by name",
        arguments: ["F4", "F6_E2M3", "F6_E3M2", "C64", "F8_E4M3FNUZ", "f32", "", "F128"])
    func unknownType(word: String) {
        let error = refusal { _ = try parse(Self.tensor("\"\(word)\"", "[4]", "[0,4]"), data: 4) }
        #expect(error?.code == .unsupportedElementType)
        #expect(error?.message.contains("\"\(word)\"") == true)
        #expect(error?.places.first == "tensor \"t\"")
    }

    @Test(
        "shapes that are no list of non-negative integers are refused, naming tensor and byte",
        arguments: [
            "[-4]", "[4.0]", "[4e0]", "[\"4\"]", "[[4]]", "4", "null", "{}", "[-0]", "[true]", "[9223372036854775808]",
            "[18446744073709551620]", "[99999999999999999999999999999999999999999999999999]",
        ])
    func shapes(shape: String) {
        let error = refusal { _ = try parse(Self.tensor("\"U8\"", shape, "[0,4]"), data: 4) }
        #expect(error?.code == .malformedSafetensors)
        #expect(error?.places.first == "tensor \"t\"")
        #expect(error?.places.last?.hasPrefix("byte ") == true)
    }

    @Test(
        "a shape whose size overflows is refused",
        arguments: [
            ("U8", "[4294967296,4294967296]"), ("F64", "[2305843009213693952]"), ("U8", "[3037000500,3037000500]"),
            ("U8", "[0,9223372036854775807,2]"),
        ])
    func overflow(type: String, shape: String) {
        let error = refusal { _ = try parse(Self.tensor("\"\(type)\"", shape, "[0,4]"), data: 4) }
        #expect(error?.message.contains("overflows") == true)
    }

    @Test("a shape of more dimensions than PyTorch allows is refused")
    func rank() {
        let shape = "[" + Array(repeating: "1", count: 65).joined(separator: ",") + "]"
        #expect(
            refusal { _ = try parse(Self.tensor("\"U8\"", shape, "[0,1]"), data: 1) }?.code == .malformedSafetensors)
    }

    @Test(
        "offsets that are no range inside the data are refused",
        arguments: [
            "[-4,0]", "[0.0,4.0]", "[0,4.0]", "[4,0]", "[0]", "[0,4,4]", "[]", "[0,5]", "[4,8]", "null", "[0,null]",
            "[0,9223372036854775807]", "[9223372036854775803,9223372036854775807]", "[0,3]",
        ])
    func offsets(offsets: String) {
        let error = refusal { _ = try parse(Self.tensor("\"U8\"", "[4]", offsets), data: 4) }
        #expect(error?.code == .malformedSafetensors)
        #expect(error?.places.first == "tensor \"t\"")
    }

    @Test(
        "a tensor without one of its fields is refused",
        arguments: [
            #"{"t":{}}"#, #"{"t":{"dtype":"U8","shape":[0]}}"#, #"{"t":{"dtype":"U8","data_offsets":[0,0]}}"#,
            #"{"t":{"shape":[0],"data_offsets":[0,0]}}"#, #"{"t":null}"#, #"{"t":[]}"#, #"{"t":"U8"}"#,
        ])
    func missingField(json: String) {
        #expect(refusal { _ = try parse(json) }?.places.first == "tensor \"t\"")
    }

    @Test(
        "metadata that is no object of strings is refused",
        arguments: [#"{"a":1}"#, #"{"a":null}"#, #"{"a":{}}"#, #"{"a":["b"]}"#, "[]", "\"a\"", "1"])
    func metadata(value: String) {
        #expect(refusal { _ = try parse("{\"__metadata__\":\(value)}") }?.places.first == "__metadata__")
    }

    /// Two tensors of bytes at these offsets.
    private static func pair(_ first: Range<Int>, _ second: Range<Int>) -> String {
        let fields = [("a", first), ("b", second)].map { name, range in
            #""\#(name)":{"dtype":"U8","shape":[\#(range.count)],"data_offsets":[\#(range.lowerBound),\#(range.upperBound)]}"#
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    @Test("tensors that overlap are refused, naming both", arguments: [(0..<4, 3..<6), (0..<6, 2..<4), (0..<6, 0..<6)])
    func overlap(first: Range<Int>, second: Range<Int>) {
        let error = refusal { _ = try parse(Self.pair(first, second), data: 6) }
        #expect(error?.message == "the tensor overlaps tensor \"a\"")
        #expect(error?.places.first == "tensor \"b\"")
    }

    @Test("a tensor of no bytes inside another is refused")
    func emptyInside() {
        #expect(refusal { _ = try parse(Self.pair(0..<6, 3..<3), data: 6) }?.code == .malformedSafetensors)
    }

    @Test("a hole between tensors, or before the first, is refused", arguments: [(0..<2, 3..<6), (1..<3, 3..<6)])
    func hole(first: Range<Int>, second: Range<Int>) {
        #expect(refusal { _ = try parse(Self.pair(first, second), data: 6) }?.message.contains("hole") == true)
    }

    @Test("bytes after the last tensor are refused", arguments: [#"{}"#, pair(0..<1, 1..<5)])
    func trailing(json: String) {
        #expect(refusal { _ = try parse(json, data: 6) }?.message.contains("follow the last") == true)
    }
}
