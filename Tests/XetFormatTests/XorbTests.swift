internal import DeltaicCore
internal import TestSupport
internal import Testing
internal import XetFormat

@Suite("Xorbs")
struct XorbTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func decode(_ bytes: [UInt8]) throws -> [UInt8] {
        let xorb = try XorbFile(path: try directory.write("xorb", bytes))
        var raw: [UInt8] = []
        try xorb.decode(0..<xorb.chunks.count) { raw += $0 }
        return raw
    }

    private func decode(_ build: (inout XorbBuilder) -> Void) throws -> [UInt8] {
        var builder = XorbBuilder()
        build(&builder)
        return try decode(builder.bytes)
    }

    @Test("grouped bytes of every length come back in their order", arguments: 1...13)
    func groups(count: Int) throws {
        let raw = (0..<count).map { UInt8($0) }
        let decoded = try decode {
            $0.add(XorbBuilder.frame(XorbBuilder.grouped(raw)), coding: 2, rawLength: raw.count)
        }
        #expect(decoded == raw)
    }

    @Test("a frame of many blocks, and chunks one after another, are read")
    func blocks() throws {
        var generator = SeededGenerator(seed: 1)
        let raw = generator.bytes(100_000)
        let decoded = try decode {
            $0.add([9])
            $0.add(XorbBuilder.frame(raw, blockLength: 3000), coding: 1, rawLength: raw.count)
        }
        #expect(decoded == [9] + raw)
    }

    @Test("a frame that is shorter or longer than its header says is refused", arguments: [1, 999, 1001, 1 << 20])
    func lengths(declared: Int) {
        let frame = XorbBuilder.frame([UInt8](repeating: 7, count: 1000))
        #expect(throws: DeltaicError.self) { try decode { $0.add(frame, coding: 1, rawLength: declared) } }
    }

    @Test("bytes after a frame, a second frame, and a frame that may be skipped are refused")
    func trailing() {
        let frame = XorbBuilder.frame([1, 2, 3])
        let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]
        for stored in [frame + [0], frame + frame, skippable, skippable + frame, frame + skippable] {
            #expect(throws: DeltaicError.self) { try decode { $0.add(stored, coding: 1, rawLength: 3) } }
        }
    }

    @Test("a broken header is refused")
    func headers() {
        let content = [UInt8](repeating: 1, count: 10)
        #expect(throws: DeltaicError.self) { try decode { $0.add(content, version: 1) } }
        #expect(throws: DeltaicError.self) { try decode { $0.add(content, coding: 3) } }
        #expect(throws: DeltaicError.self) { try decode { $0.add(content, rawLength: 11) } }
        #expect(throws: DeltaicError.self) { try decode { $0.add(content, storedLength: 11, rawLength: 11) } }
        #expect(throws: DeltaicError.self) { try decode { $0.add([]) } }
        #expect(throws: DeltaicError.self) { try decode { $0.add(content, coding: 1, rawLength: 0) } }
        #expect(throws: DeltaicError.self) { try decode { $0.add(content, coding: 1, rawLength: 1 << 20 + 1) } }
        #expect(throws: DeltaicError.self) { try decode([]) }
    }

    @Test("chunks over the limit of a xorb are refused")
    func tooManyChunks() throws {
        #expect(try decode { for _ in 0..<16_384 { $0.add([1]) } }.count == 16_384)
        #expect(throws: DeltaicError.self) { try decode { for _ in 0..<16_385 { $0.add([1]) } } }
    }

    @Test("chunks that a xorb lacks are refused")
    func ranges() throws {
        var builder = XorbBuilder()
        builder.add([1])
        let xorb = try XorbFile(path: try directory.write("xorb", builder.bytes))
        #expect(throws: DeltaicError.self) { try xorb.decode(0..<2) { _ in } }
        #expect(throws: DeltaicError.self) { try xorb.rawLength(of: 1..<2) }
        #expect(throws: DeltaicError.self) { try xorb.rawLength(of: Int.max - 1..<Int.max) }
    }

    @Test("a footer has the length that its end says, and nothing lies before it but chunks")
    func footer() throws {
        let whole = Array("XETBLOB".utf8) + [0, 7, 7]
        let right = try decode {
            $0.add([1])
            $0.append(whole + [10, 0, 0, 0])
        }
        #expect(right == [1])
        for footer in [whole + [9, 0, 0, 0], whole + [11, 0, 0, 0], Array("XETBLOB".utf8), Array("XETBLO".utf8)] {
            #expect(throws: DeltaicError.self) {
                try decode {
                    $0.add([1])
                    $0.append(footer)
                }
            }
        }
        #expect(throws: DeltaicError.self) { try decode(whole + [10, 0, 0, 0]) }
    }

    @Test("a xorb cut off anywhere is refused, but for the ends of chunks", arguments: [CapturedUpload.current, .old])
    func truncation(upload: CapturedUpload) throws {
        let bytes = try upload.xorbBytes()
        let xorb = try XorbFile(path: upload.xorbPath)
        let ends = Set(xorb.chunks.map { $0.offset + $0.storedLength })
        let path = directory.path("cut")
        for length in stride(from: 0, to: bytes.count, by: 31).map({ $0 }) + ends where length < bytes.count {
            try directory.write("cut", bytes.prefix(length))
            if ends.contains(length) {
                #expect(try XorbFile(path: path).chunks.count <= xorb.chunks.count)
            } else {
                #expect(throws: DeltaicError.self, "\(length) bytes") { try XorbFile(path: path) }
            }
        }
    }

    @Test("a xorb with a flipped byte is refused, or decodes to chunks of the lengths in its headers")
    func flips() throws {
        let bytes = try CapturedUpload.old.xorbBytes()
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= [0x01, 0x80, 0xff][position % 3]
            try directory.write("damaged", damaged)
            do {
                let xorb = try XorbFile(path: directory.path("damaged"))
                var lengths: [Int] = []
                try xorb.decode(0..<xorb.chunks.count) { lengths.append($0.count) }
                #expect(lengths == xorb.chunks.map(\.rawLength))
            } catch {
                #expect(error is DeltaicError, "byte \(position): \(error)")
            }
        }
    }

    @Test("random bytes after a valid header of a frame never trap")
    func noise() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let stored = XorbBuilder.frame([]).prefix(7) + generator.bytes(Int.random(in: 0...300, using: &generator))
            let rawLength = Int.random(in: 1...5000, using: &generator)
            do {
                let raw = try decode {
                    $0.add(Array(stored), coding: UInt8.random(in: 1...2, using: &generator), rawLength: rawLength)
                }
                #expect(raw.count == rawLength)
            } catch {
                #expect(error is DeltaicError)
            }
        }
    }
}
