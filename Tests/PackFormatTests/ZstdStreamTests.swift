internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Zstd streams")
struct ZstdStreamTests {
    private let coder = ZstdStream()
    private static let efforts: [StreamEffort] = [.literals, .matches, .smallest]

    @Test("bytes come back at every effort and length", arguments: efforts)
    func roundTrip(effort: StreamEffort) throws {
        let seed: UInt64 = 8
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 2, 3, 100, 5000, 200_001] {
            for range in [0...0, 0...1, 0...15, 0...255] as [ClosedRange<UInt8>] {
                let raw = (0..<count).map { _ in UInt8.random(in: range, using: &generator) }
                let stream = try coder.encode(raw, effort: effort)
                #expect(stream.rawLength == count && stream.bytes.count <= count)
                let isSame = try coder.decode(stream, limit: count) == raw
                #expect(isSame, "\(count) bytes of \(range), seed \(seed)")
            }
        }
    }

    @Test("one repeated byte is stored once", arguments: efforts)
    func constant(effort: StreamEffort) throws {
        let stream = try coder.encode([UInt8](repeating: 9, count: 1000), effort: effort)
        #expect(stream == EncodedStream(encoding: .constant, rawLength: 1000, bytes: [9]))
    }

    @Test("noise and very short streams are stored as they are", arguments: efforts)
    func stored(effort: StreamEffort) throws {
        var generator = SeededGenerator(seed: 9)
        for raw in [[], [1], [1, 2], generator.bytes(10_000)] as [[UInt8]] {
            #expect(try coder.encode(raw, effort: effort).encoding == .stored)
        }
    }

    @Test("text is one zstd frame that declares its size")
    func zstd() throws {
        let raw = Array(String(repeating: "layers.0.attention ", count: 100).utf8)
        let stream = try coder.encode(raw, effort: .matches)
        #expect(stream.encoding == .zstd && stream.bytes.count < 100)
        #expect(stream.bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
    }

    @Test("the smallest effort is no larger than either of the others")
    func smallest() throws {
        var generator = SeededGenerator(seed: 10)
        let skewed = (0..<50_000).map { _ in
            UInt8.random(in: 0...UInt8.random(in: 0...60, using: &generator), using: &generator)
        }
        let text = Array(String(repeating: "layers.0.attention ", count: 900).utf8)
        for raw in [skewed, text] {
            let sizes = try Self.efforts.map { try coder.encode(raw, effort: $0).bytes.count }
            #expect(sizes[2] <= sizes[0] && sizes[2] <= sizes[1])
        }
    }

    @Test("boundaries anywhere, at the ends too, give one frame that comes back")
    func boundaries() throws {
        var generator = SeededGenerator(seed: 11)
        let raw = (0..<60_000).map { position in UInt8.random(in: 0...(position < 30_000 ? 3 : 60), using: &generator) }
        for boundaries in [[30_000], [0], [60_000], [0, 1, 2, 29_999, 30_000, 59_999, 60_000], [70_000]] {
            let stream = try coder.encode(raw, effort: .literals, boundaries: boundaries)
            let isSame = try coder.decode(stream, limit: raw.count) == raw
            #expect(stream.encoding == .zstd && isSame, "\(boundaries)")
        }
        let plain = try coder.encode(raw, effort: .literals).bytes.count
        let cut = try coder.encode(raw, effort: .literals, boundaries: [30_000]).bytes.count
        #expect(cut < plain, "a boundary where the statistics change pays")
    }

    private func frame() throws -> EncodedStream {
        try coder.encode(Array(String(repeating: "abcdefgh", count: 50).utf8), effort: .matches)
    }

    private func expectRule(_ rule: String, _ stream: EncodedStream, limit: Int = 1 << 20) throws {
        let error = try #require(throws: DeltaicError.self) { try coder.decode(stream, limit: limit) }
        #expect(error.message.contains(rule + ":"), "\(error)")
    }

    @Test("P-17: a frame whose content size is another than declared is refused", arguments: [-1, 1])
    func contentSize(change: Int) throws {
        let frame = try frame()
        try expectRule(
            "P-17", EncodedStream(encoding: .zstd, rawLength: frame.rawLength + change, bytes: frame.bytes))
    }

    @Test("P-17: a frame without a content size is refused")
    func noContentSize() throws {
        // Magic, descriptor without content size, window 1 KiB, one raw last block of one byte.
        let bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x09, 0x00, 0x00, 0x61]
        try expectRule("P-17", EncodedStream(encoding: .zstd, rawLength: 1, bytes: bytes))
        // The same in a single segment, which declares one byte, is accepted.
        let declared: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x01, 0x09, 0x00, 0x00, 0x61]
        #expect(try coder.decode(EncodedStream(encoding: .zstd, rawLength: 1, bytes: declared), limit: 1) == [0x61])
    }

    @Test("P-17: bytes after the frame are refused, be they a frame or not")
    func afterFrame() throws {
        let frame = try frame()
        let empty: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 0x01, 0x00, 0x00]
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0x01, 0x00, 0x00, 0x00, 0x00]
        for rest in [empty, skippable, [0]] {
            try expectRule(
                "P-17", EncodedStream(encoding: .zstd, rawLength: frame.rawLength, bytes: frame.bytes + rest))
        }
    }

    @Test("P-17: a frame cut off anywhere is refused")
    func truncated() throws {
        let frame = try frame()
        for count in frame.bytes.indices {
            let bytes = Array(frame.bytes.prefix(count))
            try expectRule("P-17", EncodedStream(encoding: .zstd, rawLength: frame.rawLength, bytes: bytes))
        }
    }

    @Test("a frame with a flipped byte is refused or has the right length")
    func damaged() throws {
        let frame = try frame()
        for position in frame.bytes.indices {
            var bytes = frame.bytes
            bytes[position] ^= 0x11
            let stream = EncodedStream(encoding: .zstd, rawLength: frame.rawLength, bytes: bytes)
            do throws(DeltaicError) {
                #expect(try coder.decode(stream, limit: 1 << 20).count == frame.rawLength)
            } catch {
                #expect(error.message.contains("P-17:"))
            }
        }
    }

    @Test(
        "a declared size over the limit is over budget before anything is allocated", arguments: [0, 1, 2] as [UInt8])
    func huge(number: UInt8) throws {
        let encoding = try #require(EncodedStream.Encoding(rawValue: number))
        // A frame that says 2^60: nothing of that size could be allocated.
        let bomb: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x01, 0x00, 0x00]
        let stream = EncodedStream(encoding: encoding, rawLength: 1 << 60, bytes: bomb)
        let error = try #require(throws: DeltaicError.self) { try coder.decode(stream, limit: 1 << 23) }
        #expect(error.code == .overBudget)
    }

    @Test("a frame that says 2^60 where the pack says 16 is refused")
    func lyingFrame() throws {
        let bomb: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x01, 0x00, 0x00]
        try expectRule("P-17", EncodedStream(encoding: .zstd, rawLength: 16, bytes: bomb))
    }

    @Test("P-16: stored and constant streams of the wrong length are refused")
    func lengths() throws {
        try expectRule("P-16", EncodedStream(encoding: .stored, rawLength: 2, bytes: [1]))
        try expectRule("P-16", EncodedStream(encoding: .constant, rawLength: 2, bytes: [1, 1]))
        try expectRule("P-16", EncodedStream(encoding: .constant, rawLength: 2, bytes: []))
    }
}
