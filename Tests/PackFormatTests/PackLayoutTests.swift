internal import DeltaicCore
internal import PackFormat
internal import TestSupport
internal import Testing

/// The file as the specification describes it, read without the pack reader.
@Suite("Pack layout")
struct PackLayoutTests {
    @Test("a pack taken apart and put together by the specification is the same file")
    func rebuilt() throws {
        let sample = try PackSample()
        #expect(try sample.parts.file() == sample.file)
    }

    @Test("the header is magic, version, zeros and a checksum")
    func header() throws {
        let sample = try PackSample()
        #expect(Array(sample.file[0..<8]) == Array("DLTAPACK".utf8))
        #expect(Array(sample.file[8..<24]) == [1] + [UInt8](repeating: 0, count: 15))
        var checksum = ByteCursor(sample.file[24..<32])
        #expect(checksum.number(8) == FastHash.checksum(Array(sample.file[0..<24])))
    }

    @Test("the trailer describes index and file, and its digest is the pack's id")
    func trailer() throws {
        let sample = try PackSample()
        var trailer = ByteCursor(sample.file.suffix(96))
        let offset = Int(trailer.number(8))
        let length = Int(trailer.number(8))
        #expect(offset + length + 96 == sample.file.count)
        _ = trailer.number(8)
        let digest = trailer.take(32)
        #expect(digest == sample.id.bytes)
        #expect(try Digest.sha256(Array(sample.file[offset..<offset + length])).bytes == digest)
        #expect(trailer.number(8) == UInt64(sample.file.count))
    }

    @Test("records follow one another without gaps, in the order chunks, object, manifest")
    func walk() throws {
        let parts = try PackSample().parts
        let walk = parts.walk
        #expect(walk.map(\.kind) == [1, 2, 1, 2, 1, 2, 2, 3])
        #expect(walk.last?.range.upperBound == parts.records.count)
        for record in walk {
            #expect(parts.isIntact(record))
            #expect(parts.records[record.start + 5] == (record.kind == 3 ? 1 : 0))
            #expect((24...1024).contains(record.headerLength))
        }
    }

    @Test("the index reads to its end and writes back to the same bytes")
    func index() throws {
        let parts = try PackSample().parts
        let index = try PackSample.index(of: parts)
        #expect(index.rest.isEmpty && index.objects.count == 4)
        #expect(index.bytes.count == parts.indexRawLength)
        #expect(PackIndexFields(index.bytes) == index)
    }

    @Test("chunk and object records have the fields of the index")
    func fields() throws {
        let parts = try PackSample().parts
        let index = try PackSample.index(of: parts)
        var walk = parts.walk[...]
        var end = 32
        for (position, object) in index.objects.enumerated() {
            for (ordinal, chunk) in object.chunks.enumerated() {
                let next = walk.popFirst()
                let record = try #require(next)
                #expect(record.offset == end + chunk.distance)
                #expect(record.headerLength == chunk.headerLength && record.payloadLength == chunk.payloadLength)
                #expect(FastHash.checksum(record.payload) == chunk.payloadChecksum)
                var fields = ByteCursor(record.fields)
                #expect(fields.varint() == position && fields.varint() == ordinal)
                #expect(fields.varint() == object.elements)
                #expect(Array(fields.rest) == chunk.sharedBytes)
                end = record.offset + record.headerLength + record.payloadLength
            }
            let next = walk.popFirst()
            let record = try #require(next)
            var fields = ByteCursor(record.fields)
            #expect(fields.varint() == position && Array(fields.rest) == object.sharedBytes)
            #expect(record.payloadLength == 0)
        }
        let manifest = try #require(walk.first)
        #expect(manifest.offset == index.manifestOffset)
        #expect(manifest.fields.starts(with: index.manifestDigest))
        var checksum = ByteCursor(Array(manifest.fields.suffix(8)))
        #expect(checksum.number(8) == FastHash.checksum(manifest.payload))
        #expect(try Digest.sha256(PackSample.manifest).bytes == index.manifestDigest)
    }
}
