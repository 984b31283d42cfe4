internal import DeltaicCore
internal import Foundation
internal import TestSupport
internal import Testing
internal import XetFormat

@Suite("Shards")
struct ShardTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ bytes: [UInt8]) throws -> ShardFile {
        try ShardFile(path: try directory.write("shard", bytes))
    }

    private func readAll(_ bytes: [UInt8]) throws -> Int {
        let shard = try open(bytes)
        var size = 0
        for file in shard.files {
            try shard.terms(of: file) { size += $0.rawLength }
        }
        #expect(size == shard.files.reduce(0) { $0 + $1.size })
        return size
    }

    @Test("a shard cut off anywhere is refused")
    func truncation() throws {
        let bytes = try FolderContents.bytes(of: CapturedUpload.current.shardPath)
        for length in bytes.indices {
            #expect(throws: DeltaicError.self, "\(length) bytes") { try open(Array(bytes.prefix(length))) }
        }
        #expect(throws: DeltaicError.self) { try open(bytes + [0]) }
    }

    @Test("a shard with a flipped byte is refused or read, and never traps", arguments: [0x01, 0x80, 0xff] as [UInt8])
    func flips(mask: UInt8) throws {
        for upload in [CapturedUpload.current, .old] {
            let bytes = try FolderContents.bytes(of: upload.shardPath)
            for position in bytes.indices {
                var damaged = bytes
                damaged[position] ^= mask
                do {
                    _ = try readAll(damaged)
                } catch {
                    #expect(error is DeltaicError, "byte \(position): \(error)")
                }
            }
        }
    }

    @Test("a shard of some files, in and without an order of its own, is read")
    func built() throws {
        var builder = ShardBuilder()
        builder.addFile(terms: [(5, 0..<1), (7, 2..<9)])
        builder.addFile(terms: [], verified: false)
        builder.endSection()
        builder.addXorb(chunks: 3)
        builder.endSection()
        let shard = try open(builder.bytes)
        #expect(shard.files.map(\.size) == [12, 0])
        var chunks: [Range<Int>] = []
        try shard.terms(of: shard.files[0]) { chunks.append($0.chunks) }
        #expect(chunks == [0..<1, 2..<9])
        #expect(shard.files[0].digest == Digest(uncheckedBytes: [UInt8](repeating: 4, count: 32)))
    }

    @Test("a file of more terms than are read at a time is read")
    func manyTerms() throws {
        var builder = ShardBuilder()
        builder.addFile(terms: (0..<3000).map { (Int($0), 0..<1) })
        builder.endSection()
        builder.endSection()
        #expect(try readAll(builder.bytes) == 3000 * 2999 / 2)
    }

    @Test("a file without its SHA-256 is refused, and the error says so")
    func withoutDigest() throws {
        var builder = ShardBuilder()
        builder.addFile(terms: [(5, 0..<1)], flags: 1 << 31, hasDigest: false)
        builder.endSection()
        builder.endSection()
        let error = #expect(throws: DeltaicError.self) { try open(builder.bytes) }
        #expect(error?.code == .malformedShard)
        #expect(error?.message.contains("SHA-256") == true)
    }

    @Test("flags without a meaning are refused")
    func flags() throws {
        var builder = ShardBuilder()
        builder.addFile(terms: [(5, 0..<1)], flags: 0xc000_0001)
        builder.endSection()
        builder.endSection()
        #expect(throws: DeltaicError.self) { try open(builder.bytes) }
    }

    @Test("chunks that no xorb can have are refused", arguments: [(3, 3), (4, 3), (0, 16_385)])
    func chunks(start: Int, end: Int) throws {
        var builder = ShardBuilder()
        builder.addFile(rawTerms: [(5, start, end)])
        builder.endSection()
        builder.endSection()
        #expect(throws: DeltaicError.self) { try open(builder.bytes) }
    }

    @Test("counts over the bytes that are there are refused", arguments: [1, 1000, UInt32.max])
    func counts(count: UInt32) throws {
        var file = ShardBuilder()
        file.addFile(terms: [(5, 0..<1)], count: count == 1 ? 5 : count)
        file.endSection()
        file.endSection()
        #expect(throws: DeltaicError.self) { try open(file.bytes) }
        var xorb = ShardBuilder()
        xorb.endSection()
        xorb.addXorb(chunks: 0, count: count)
        xorb.endSection()
        #expect(throws: DeltaicError.self) { try open(xorb.bytes) }
    }

    @Test("another magic, another version, a footer that is not there and bytes after the end are refused")
    func header() throws {
        for (version, footer, rest) in [(1, 0, 0), (3, 0, 0), (2, 200, 0), (2, 0, 48), (2, Int.max, 200)] {
            var builder = ShardBuilder(version: version, footerLength: footer)
            builder.endSection()
            builder.endSection()
            #expect(throws: DeltaicError.self) { try open(builder.bytes + [UInt8](repeating: 0, count: rest)) }
        }
        var bytes = ShardBuilder().bytes
        bytes[0] ^= 1
        #expect(throws: DeltaicError.self) { try open(bytes) }
    }
}
