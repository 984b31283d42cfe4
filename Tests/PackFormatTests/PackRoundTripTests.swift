internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Packs")
struct PackRoundTripTests {
    @Test("a reader finds what the writer wrote")
    func roundTrip() throws {
        let sample = try PackSample()
        let reader = try PackReader(path: sample.path)
        #expect(reader.id == sample.id)
        #expect(reader.byteCount == sample.file.count)
        #expect(reader.objects.map(\.description.type) == [.bfloat16, .bfloat16, nil, .float32])
        #expect(reader.objects.map(\.description.elementCount) == [30, 30, 140, 0])
        #expect(reader.objects[1].description.base == reader.objects[0].description.digest)
        #expect(reader.objects.map(\.chunks.count) == [1, 1, 1, 0])
        let streams = try reader.objects.map { try $0.chunks.map { try reader.streams(of: $0) } }
        #expect(streams == sample.streams)
        #expect(try reader.manifest() == PackSample.manifest)
    }

    @Test("an object is found by its digest, and an unknown one is not")
    func lookUp() throws {
        let sample = try PackSample()
        let reader = try PackReader(path: sample.path)
        for object in reader.objects { #expect(reader.object(object.description.digest) == object) }
        #expect(reader.object(try Digest.sha256([9])) == nil)
    }

    @Test("every record agrees with the index")
    func records() throws {
        let sample = try PackSample()
        try PackSample.readAll(sample.path)
    }

    @Test("an empty pack has no objects and no manifest")
    func empty() throws {
        let directory = try TemporaryDirectory()
        let id = try PackWriter(directory: directory.path).finish { _ in "x" }
        let reader = try PackReader(path: directory.path("x"))
        #expect(reader.id == id && reader.objects.isEmpty)
        #expect(try reader.manifest() == nil)
    }

    @Test("an object of several chunks comes back in order")
    func chunks() throws {
        let directory = try TemporaryDirectory()
        let seed: UInt64 = 5
        var generator = SeededGenerator(seed: seed)
        let raw = generator.bytes(5 << 20 | 12)
        let description = ObjectDescription(
            digest: try Digest.sha256(raw), type: .float32, elementCount: raw.count / 4, base: nil)
        let writer = try PackWriter(directory: directory.path)
        writer.beginObject(description)
        for chunk in 0..<description.grid.chunkCount {
            let part = Array(raw[description.grid.bytes(of: chunk)])
            let stream = try ZstdStream().encode(part, effort: .smallest)
            try writer.append(codec: 1, streams: [stream], rawChecksum: FastHash.checksum(part))
        }
        try writer.endObject()
        #expect(writer.finishedObjects.map(\.description) == [description])
        _ = try writer.finish { _ in "x" }
        let reader = try PackSample.readAll(directory.path("x"))
        var read: [UInt8] = []
        for chunk in reader.objects[0].chunks {
            for stream in try reader.streams(of: chunk) { read += try ZstdStream().decode(stream, limit: 2 << 20) }
        }
        #expect(reader.objects[0].chunks.count == 3)
        let isSame = read == raw
        #expect(isSame, "seed \(seed)")
    }

    @Test("the writer reads back a chunk of an object in progress")
    func readBack() throws {
        let directory = try TemporaryDirectory()
        let writer = try PackWriter(directory: directory.path)
        writer.beginObject(
            ObjectDescription(digest: try Digest.sha256([1]), type: .uint8, elementCount: (2 << 20) + 1, base: nil))
        let stream = EncodedStream(encoding: .constant, rawLength: 2 << 20, bytes: [4])
        try writer.append(codec: 1, streams: [stream], rawChecksum: 0)
        try writer.append(
            codec: 1, streams: [EncodedStream(encoding: .stored, rawLength: 1, bytes: [7])], rawChecksum: 0)
        try writer.endObject()
        let chunk = try #require(writer.finishedObjects.first?.chunks.first)
        #expect(try writer.streams(of: chunk) == [stream])
    }

    @Test("equal content gives equal packs")
    func deterministic() throws {
        let first = try PackSample.build()
        let second = try PackSample.build()
        #expect(first.id == second.id && first.file == second.file)
    }

    @Test("a writer that is dropped leaves no file")
    func dropped() throws {
        let directory = try TemporaryDirectory()
        try PackWriter(directory: directory.path).write(manifest: PackSample.manifest)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test("the writer refuses objects that are not whole, and chunks that have no place")
    func misuse() throws {
        let directory = try TemporaryDirectory()
        let writer = try PackWriter(directory: directory.path)
        let stream = EncodedStream(encoding: .stored, rawLength: 1, bytes: [1])
        #expect(throws: DeltaicError.self) { try writer.append(codec: 1, streams: [stream], rawChecksum: 0) }
        #expect(throws: DeltaicError.self) { try writer.endObject() }
        writer.beginObject(ObjectDescription(digest: try Digest.sha256([1]), type: nil, elementCount: 1, base: nil))
        #expect(throws: DeltaicError.self) { try writer.endObject() }
        #expect(throws: DeltaicError.self) { try writer.write(manifest: [1]) }
        #expect(throws: DeltaicError.self) { try writer.finish { _ in "x" } }
        try writer.append(codec: 1, streams: [stream], rawChecksum: 0)
        #expect(throws: DeltaicError.self) { try writer.append(codec: 1, streams: [stream], rawChecksum: 0) }
        try writer.endObject()
        try writer.write(manifest: [1])
        #expect(throws: DeltaicError.self) { try writer.write(manifest: [1]) }
        _ = try writer.finish { _ in "x" }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x"])
    }
}
