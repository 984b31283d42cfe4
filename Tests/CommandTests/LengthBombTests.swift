import DeltaicCore
import Foundation
import TestSupport
import Testing

/// Small files that declare large contents: refused, and without the memory for what they declare (family 10 of faults).
@Suite struct LengthBombTests {
    /// What a refusal may take more than a command that does nothing.
    private static let allowance = 128 << 20

    /// An index without objects.
    private static func emptyIndex(manifestOffset: Int = 0, manifest: [UInt8] = []) -> PackIndexFields {
        var writer = ByteWriter()
        writer.varint(0)
        writer.varint(manifestOffset)
        writer.append(manifest + [UInt8](repeating: 0, count: 32 - manifest.count))
        return PackIndexFields(writer.bytes)
    }

    /// A pack with this index and these records.
    private static func pack(_ index: PackIndexFields, records: [UInt8] = []) throws -> PackParts {
        var empty = [UInt8](repeating: 0, count: 128)
        empty.replaceSubrange(0..<8, with: "DLTAPACK".utf8)
        empty[8] = 1
        // Offset of the index; it has no bytes yet.
        empty[32] = 32
        var parts = PackParts(empty)
        parts.records = records
        parts.setIndex(index)
        return parts
    }

    private static func object(elements: Int, chunks: [PackIndexFields.Chunk], count: Int) -> PackIndexFields.Object {
        PackIndexFields.Object(
            digest: [UInt8](repeating: 7, count: 32), kind: 2, dtype: 0, elements: elements, baseFlag: 0, base: [],
            chunkCount: count, chunks: chunks)
    }

    /// A manifest record that says its one byte stands for many.
    private static func manifestPack(rawLength: Int) throws -> [UInt8] {
        let digest = try Digest.sha256([UInt8](repeating: 0x20, count: rawLength)).bytes
        var fields = ByteWriter()
        fields.append(digest)
        fields.append([2])
        fields.varint(1)
        fields.varint(rawLength)
        let record = PackParts.record(kind: 3, fields: fields.bytes, payload: [0x20])
        return try pack(emptyIndex(manifestOffset: 32, manifest: digest), records: record).file()
    }

    private static func packs() throws -> [(name: String, bytes: [UInt8])] {
        var bombs: [(String, [UInt8])] = []
        for length in [1 << 28, 1 << 40, Int.max] {
            var parts = try pack(emptyIndex())
            parts.indexRawLength = UInt64(length)
            parts.indexEncoding = 2
            parts.index = [0]
            bombs.append(("an index of one byte that is \(length)", try parts.file()))
        }
        for (elements, count) in [(1 << 55, 1 << 34), (1 << 56, 1 << 35), (1 << 40, 1 << 19)] {
            var index = emptyIndex()
            index.objects = [object(elements: elements, chunks: [], count: count)]
            bombs.append(("an object of \(count) chunks", try pack(index).file()))
        }
        var many = emptyIndex()
        many.objects = [object(elements: 1, chunks: [], count: 1)]
        var raw = many.bytes
        raw.replaceSubrange(0..<1, with: [0xff, 0xff, 0xff, 0x03])
        var parts = try pack(emptyIndex())
        parts.index = raw
        parts.indexRawLength = UInt64(raw.count)
        bombs.append(("an index of 2^23 objects", try parts.file()))
        bombs.append(("a manifest of one byte that is 2^26 + 1", try manifestPack(rawLength: 1 << 26 + 1)))
        bombs.append(("a manifest of one byte that is 2^24", try manifestPack(rawLength: 1 << 24)))
        return bombs
    }

    /// Starts of safetensors files, and the size that the file is extended to with zeros, which take no room.
    private static let headers: [(name: String, length: UInt64, size: Int)] = [
        ("a header of 2^64 - 1 bytes", .max, 100), ("a header of 2^63 bytes", 1 << 63, 100),
        ("a header of 100,000,001 bytes", 100_000_001, 100_000_100),
        ("a header of 99,999,000 bytes in a short file", 99_999_000, 4096),
        ("a header of 99,999,000 zeros", 99_999_000, 99_999_008),
    ]

    private func run(_ arguments: [String], _ workspace: Workspace) async throws -> (status: Int32, peak: Int, String) {
        let outcome = try await workspace.deltaic.runShell(PeakMemory.command(arguments))
        let (peak, errors) = PeakMemory.split(outcome.errors)
        return (outcome.status, try #require(peak, "\(outcome.errors)"), errors)
    }

    @Test("packs that declare more than they hold are refused within the memory of an idle command")
    func packBombs() async throws {
        let workspace = try await Workspace()
        let idle = try await run(["list"], workspace).peak
        var largest = 0
        let bombs = try Self.packs()
        for bomb in bombs {
            let path = try workspace.directory.write("bomb.pack", bomb.bytes)
            for options in [[], ["--scan"]] {
                let (status, peak, errors) = try await run(["inspect", path] + options, workspace)
                // A scan may find nothing, and say so.
                #expect(
                    [3, 5].contains(status) || (status == 0 && !options.isEmpty), "\(bomb.name): \(status), \(errors)")
                #expect(peak - idle < Self.allowance, "\(bomb.name) \(options): \(peak) bytes, idle \(idle)")
                largest = max(largest, peak - idle)
            }
        }
        try Evidence.record(
            family: 10, "packs that declare more than they hold", tried: 2 * bombs.count,
            outcomes: ["refused": 2 * bombs.count], note: "at most \(largest >> 20) MiB over an idle command")
    }

    @Test("safetensors headers that declare more than they hold are refused within the memory of an idle command")
    func headerBombs() async throws {
        let workspace = try await Workspace()
        let idle = try await run(["list"], workspace).peak
        var largest = 0
        for bomb in Self.headers {
            var start = ByteWriter()
            start.integer(bomb.length)
            start.append(Array("{\"a\":".utf8))
            let path = try workspace.directory.write("bomb/model.safetensors", start.bytes)
            let file = try FileHandle(forUpdating: URL(filePath: path))
            try file.truncate(atOffset: UInt64(bomb.size))
            try file.close()
            let (status, peak, errors) = try await run(
                ["base", "add", workspace.directory.path("bomb"), "--name", "bomb"], workspace)
            #expect(status == 3, "\(bomb.name): \(status), \(errors)")
            #expect(peak - idle < Self.allowance, "\(bomb.name): \(peak) bytes, idle \(idle)")
            largest = max(largest, peak - idle)
        }
        try Evidence.record(
            family: 10, "safetensors headers that declare more than they hold", tried: Self.headers.count,
            outcomes: ["refused": Self.headers.count], note: "at most \(largest >> 20) MiB over an idle command")
    }
}
