internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

/// A change to the sample pack, and the rule that refuses it.
private struct Violation: Sendable, CustomTestStringConvertible {
    let rule: String
    let what: String
    /// Returns the changed file.
    let change: @Sendable (PackParts) throws -> [UInt8]

    var testDescription: String { "\(rule): \(what)" }

    init(_ rule: String, _ what: String, file change: @escaping @Sendable (PackParts) throws -> [UInt8]) {
        self.rule = rule
        self.what = what
        self.change = change
    }

    init(_ rule: String, _ what: String, parts change: @escaping @Sendable (inout PackParts) throws -> Void) {
        self.init(
            rule, what,
            file: { original in
                var parts = original
                try change(&parts)
                return try parts.file()
            })
    }

    init(_ rule: String, _ what: String, index change: @escaping @Sendable (inout PackIndexFields) throws -> Void) {
        self.init(
            rule, what,
            parts: { parts in
                var index = try PackSample.index(of: parts)
                try change(&index)
                parts.setIndex(index)
            })
    }

    init(_ rule: String, _ what: String, trailer change: @escaping @Sendable (inout [UInt8]) -> Void) {
        self.init(rule, what, file: { try $0.file(trailer: change) })
    }

    /// A change to the header of the first chunk's record, which gets a fresh checksum.
    init(_ rule: String, _ what: String, record change: @escaping @Sendable (inout [UInt8]) -> Void) {
        self.init(
            rule, what,
            parts: { parts in
                let record = try #require(parts.walk.first)
                parts.patch(record, change)
            })
    }

    static let header: [Violation] = [
        Violation("P-01", "another magic", file: { [UInt8(ascii: "X")] + (try $0.file()).dropFirst() }),
        Violation("P-02", "version 99", parts: { $0.version = 99 }),
        Violation("P-02", "version 0", parts: { $0.version = 0 }),
        Violation("P-03", "a critical flag", parts: { $0.criticalFlags = 0x8000 }),
        Violation(
            "P-04", "a damaged header",
            file: { parts in
                var file = try parts.file()
                file[16] = 1
                return file
            }),
    ]

    static let records: [Violation] = [
        Violation("P-05", "no marker", record: { $0[0] = 0 }),
        Violation("P-05", "another kind of record", record: { $0[4] = 2 }),
        Violation(
            "P-05", "no marker at the manifest",
            parts: { parts in
                parts.patch(try #require(parts.walk.last)) { $0[3] = 0 }
            }),
        Violation("P-05", "a manifest offset that leads to a chunk", index: { $0.manifestOffset = 32 }),
        Violation("P-07", "a header of 23 bytes", record: { $0[6] = 23 }),
        Violation("P-07", "a header of 1,025 bytes", record: { $0.replaceSubrange(6..<8, with: [1, 4]) }),
        Violation("P-07", "23 bytes in the index", index: { $0.objects[0].chunks[0].headerLength = 23 }),
        Violation("P-07", "1,025 bytes in the index", index: { $0.objects[0].chunks[0].headerLength = 1025 }),
        Violation("P-08", "a payload over 2^26", record: { $0.replaceSubrange(8..<12, with: [1, 0, 0, 4]) }),
        Violation(
            "P-09", "a damaged header",
            parts: { parts in
                parts.records[12] ^= 1
            }),
        Violation(
            "P-09", "a damaged manifest header",
            parts: { parts in
                parts.records[try #require(parts.walk.last).start + 12] ^= 1
            }),
        Violation("P-10", "another object's ordinal", record: { $0[12] = 1 }),
        Violation("P-10", "an ordinal that no object has", record: { $0[12] = 4 }),
        Violation("P-10", "the ordinal of an object without chunks", record: { $0[12] = 3 }),
        Violation("P-10", "an ordinal that no chunk has", record: { $0[13] = 1 }),
        Violation("P-11", "another number of elements", record: { $0[14] += 1 }),
    ]

    static let streams: [Violation] = [
        Violation(
            "P-13", "a damaged payload",
            parts: { parts in
                parts.records[try #require(parts.walk.first).headerLength] ^= 0x10
            }),
        Violation(
            "P-13", "another payload checksum",
            parts: { parts in
                var index = try PackSample.index(of: parts)
                index.objects[0].chunks[0].payloadChecksum ^= 1
                parts.setIndex(index)
                parts.patch(try #require(parts.walk.first)) { $0[16] ^= 1 }
            }),
        Violation(
            "P-15", "33 streams",
            index: { index in
                let stream = index.objects[0].chunks[0].streams[0]
                index.objects[0].chunks[0].streams = Array(repeating: stream, count: 33)
            }),
        Violation(
            "P-16", "lengths that do not add up", index: { $0.objects[0].chunks[0].streams[0].storedLength -= 1 }),
        Violation(
            "P-16", "a raw length over 2^23",
            index: {
                $0.objects[0].chunks[0].streams[0].rawLength = 1 << 23 + 1
            }),
        Violation(
            "P-16", "a stored length over 2^26",
            index: {
                $0.objects[0].chunks[0].streams[0].storedLength = 1 << 26 + 1
            }),
        Violation("P-16", "a record that is not the index's", index: { $0.objects[0].chunks[0].rawChecksum ^= 1 }),
        Violation("P-16", "a codec that is not the record's", index: { $0.objects[0].chunks[0].codec = 2 }),
        Violation("P-17", "an unknown stream encoding", index: { $0.objects[0].chunks[0].streams[0].encoding = 3 }),
        Violation("P-17", "an unknown index encoding", trailer: { $0[64] = 3 }),
        Violation(
            "P-17", "an index that is longer than declared",
            file: { original in
                var parts = original
                parts.indexRawLength -= 1
                return try parts.file()
            }),
    ]

    static let objects: [Violation] = [
        Violation("P-19", "an unknown kind", index: { $0.objects[0].kind = 3 }),
        Violation("P-20", "an unknown dtype", index: { $0.objects[0].dtype = 17 }),
        Violation("P-20", "a tensor without dtype", index: { $0.objects[0].dtype = 0 }),
        Violation("P-20", "bytes with a dtype", index: { $0.objects[2].dtype = 1 }),
        Violation("P-21", "too many elements", index: { $0.objects[0].elements = 1 << 56 + 1 }),
        Violation("P-22", "a base flag of 2", index: { $0.objects[0].baseFlag = 2 }),
        Violation("P-22", "an object that is its own base", index: { $0.objects[1].base = $0.objects[1].digest }),
        Violation("P-23", "another number of chunks", index: { $0.objects[0].chunkCount = 2 }),
        Violation("P-23", "elements for more chunks", index: { $0.objects[0].elements = 1 << 20 + 1 }),
    ]

    static let end: [Violation] = [
        Violation("P-24", "an index offset past the end", trailer: { $0[7] = 1 }),
        Violation("P-24", "an index that ends early", trailer: { $0[8] -= 1 }),
        Violation(
            "P-24", "an index offset in the header",
            trailer: { $0.replaceSubrange(0..<8, with: [8, 0, 0, 0, 0, 0, 0, 0]) }),
        Violation("P-24", "a chunk past the index", index: { $0.objects[2].chunks[0].distance += 300 }),
        Violation("P-24", "a distance past the index", index: { $0.objects[0].chunks[0].distance = 1 << 40 }),
        Violation("P-24", "a manifest past the index", index: { $0.manifestOffset = 1 << 40 }),
        Violation("P-24", "bytes after the index", index: { $0.rest = [0] }),
        Violation("P-24", "a file that is too short", file: { Array(try $0.file().prefix(127)) }),
        Violation("P-25", "an index of over 2^28 bytes", trailer: { $0[19] = 0x11 }),
        Violation("P-25", "a raw index longer than what it lists", trailer: { $0[18] = 1 }),
        Violation(
            "P-26", "a damaged index",
            file: { parts in
                var file = try parts.file()
                file[file.count - 97] ^= 1
                return file
            }),
        Violation("P-27", "another length of the file", trailer: { $0[56] ^= 1 }),
        Violation(
            "P-28", "a damaged trailer",
            file: { parts in
                var file = try parts.file()
                file[file.count - 20] ^= 1
                return file
            }),
        Violation("P-29", "a byte after the end", file: { try $0.file() + [0] }),
        Violation("P-29", "another magic at the end", file: { (try $0.file()).dropLast() + [0] }),
    ]

    static let all = header + records + streams + objects + end
}

@Suite("Rules of the pack format")
struct PackRulesTests {
    @Test("a broken rule is refused by name", arguments: Violation.all)
    private func refused(violation: Violation) throws {
        let sample = try PackSample()
        let changed = try violation.change(sample.parts)
        let error = try #require(throws: DeltaicError.self) { try sample.readAll(changed) }
        #expect(error.message.contains(violation.rule + ":"), "\(error)")
    }

    @Test("P-03: flags that are not critical, and reserved bytes, are ignored")
    func otherFlags() throws {
        let sample = try PackSample()
        var parts = sample.parts
        parts.otherFlags = .max
        parts.reserved = .max
        #expect(try sample.readAll(try parts.file()).id == sample.id)
    }

    @Test("P-02 and P-03: what is refused is named")
    func names() throws {
        let sample = try PackSample()
        var parts = sample.parts
        parts.version = 99
        var error = try #require(throws: DeltaicError.self) { try sample.readAll(try parts.file()) }
        #expect(error.code == .unsupportedPack && error.found == "99")
        parts.version = 1
        parts.criticalFlags = 4
        error = try #require(throws: DeltaicError.self) { try sample.readAll(try parts.file()) }
        #expect(error.code == .unsupportedPack && error.found == "4")
        try Evidence.record(
            family: 21, "packs of a newer version, or with critical flags", tried: 2, outcomes: ["refused": 2])
    }

    @Test("P-06: a record of another kind is passed over")
    func otherKind() throws {
        let sample = try PackSample()
        var parts = sample.parts
        var index = try PackSample.index(of: parts)
        let record = PackParts.record(kind: 9, fields: [1, 2, 3, 4], payload: [5, 6, 7])
        parts.records = record + parts.records
        index.objects[0].chunks[0].distance += record.count
        index.manifestOffset += record.count
        parts.setIndex(index)
        let reader = try sample.readAll(try parts.file())
        #expect(try reader.manifest() == PackSample.manifest)
        #expect(parts.walk.map(\.kind) == [9, 1, 2, 1, 2, 1, 2, 2, 3])
    }

    @Test("P-12: a chunk of an unknown codec leaves the other chunks readable")
    func otherCodec() throws {
        let sample = try PackSample()
        var parts = sample.parts
        var index = try PackSample.index(of: parts)
        index.objects[0].chunks[0].codec = 200
        parts.setIndex(index)
        parts.patch(try #require(parts.walk.first)) { $0[15] = 200 }
        let reader = try sample.readAll(try parts.file())
        #expect(reader.objects.flatMap(\.chunks).map(\.codec) == [200, 2, 1])
        try Evidence.record(
            family: 21, "chunks of an unknown codec: the others are read", tried: 1, outcomes: ["right": 1])
    }

    @Test("P-31: any flipped bit of a manifest's payload is found, also one that decodes to the same")
    func manifestPayload() throws {
        let directory = try TemporaryDirectory()
        let writer = try PackWriter(directory: directory.path)
        let json = Array("{\(repeatElement("\"manifest\": 1", count: 200).joined(separator: ", "))}".utf8)
        try writer.write(manifest: json)
        _ = try writer.finish { _ in "manifest.pack" }
        let parts = PackParts(Array(try Data(contentsOf: URL(filePath: directory.path("manifest.pack")))))
        let record = try #require(parts.walk.last)
        // A frame of zstd, of which not every bit says something.
        #expect(record.payload.count < json.count / 4)
        var readable = 0
        for bit in 0..<record.payload.count * 8 {
            var changed = parts
            changed.records[record.start + record.headerLength + bit / 8] ^= 1 << UInt8(bit % 8)
            let path = try directory.write("changed.pack", try changed.file())
            let reader = try PackReader(path: path)
            let error = #expect(throws: DeltaicError.self, "bit \(bit)") { try reader.checkManifest() }
            #expect(error?.code == .checksumMismatch)
            // Who reads gets the right bytes or none.
            let read = Result { try reader.manifest() }
            readable += (try? read.get()) == json ? 1 : 0
            #expect((try? read.get() == json) != false, "bit \(bit)")
            let scanned = try PackScanner(path: path).scan().manifest
            #expect(scanned == (try? read.get()), "bit \(bit)")
        }
        #expect(readable > 0, "no bit of the frame says nothing")
        var old = parts
        old.records = PackParts.record(kind: 3, fields: Array(record.fields.dropLast(8)), payload: record.payload)
        let path = try directory.write("old.pack", try old.file())
        #expect(try PackReader(path: path).manifest() == json, "a manifest without a checksum, as in version 1.0")
        #expect(try PackScanner(path: path).scan().manifest == json)
    }

    @Test("a manifest that is not the one of the index is refused")
    func otherManifest() throws {
        let sample = try PackSample()
        var parts = sample.parts
        var index = try PackSample.index(of: parts)
        index.manifestDigest[0] ^= 1
        parts.setIndex(index)
        #expect(throws: DeltaicError.self) { try sample.readAll(try parts.file()) }
    }
}
