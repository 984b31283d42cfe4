internal import DeltaicCore
internal import PackFormat

/// Decodes a stream: its encoding, the length that it declares (3 bytes), and its bytes.
enum ZstdFuzzer {
    private static let limit = 1 << 23

    static let parse: @Sendable ([UInt8]) throws -> Void = { bytes in
        var input = FuzzInput(bytes)
        let encoding = EncodedStream.Encoding(rawValue: UInt8(input.byte() % 3)) ?? .stored
        let rawLength = input.short() | input.byte() << 16
        let stream = EncodedStream(encoding: encoding, rawLength: rawLength, bytes: Array(input.rest))
        let coder = ZstdStream()
        guard let raw = try FuzzParser.accepted({ try coder.decode(stream, limit: limit) }) else { return }
        try FuzzParser.require(raw.count == rawLength && rawLength <= limit, "a stream has another length")
        guard raw.count <= 1 << 16 else { return }
        let again = try coder.encode(raw, effort: .smallest, boundaries: [raw.count / 3, raw.count / 2])
        try FuzzParser.require(again.bytes.count <= raw.count, "a stream is stored in more bytes than it has")
        try FuzzParser.require(try coder.decode(again, limit: limit) == raw, "a stream does not come back")
    }
}
