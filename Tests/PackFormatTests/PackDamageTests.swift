internal import DeltaicCore
internal import Foundation
internal import PackFormat
internal import TestSupport
internal import Testing

@Suite("Damaged packs")
struct PackDamageTests {
    /// The bytes that no reader with an index ever looks at: the records of objects, which serve scans.
    private func unread(_ parts: PackParts) -> Set<Int> {
        Set(parts.walk.filter { $0.kind == 2 }.flatMap { $0.range.map { 32 + $0 } })
    }

    @Test("every flipped byte is noticed, but for those of object records", arguments: [0x01, 0x80, 0xFF] as [UInt8])
    func flips(mask: UInt8) throws {
        let sample = try PackSample()
        let unread = unread(sample.parts)
        for position in sample.file.indices {
            var file = sample.file
            file[position] ^= mask
            do {
                try sample.readAll(file)
                #expect(unread.contains(position), "byte \(position) was flipped unnoticed")
            } catch {
                #expect(error is DeltaicError)
                #expect(!unread.contains(position), "byte \(position): \(error)")
            }
        }
    }

    @Test("a flipped byte of an object record is noticed by the record's own checksum")
    func objectRecords() throws {
        let sample = try PackSample()
        for position in unread(sample.parts) {
            var file = sample.file
            file[position] ^= 0x04
            let parts = PackParts(file)
            let isWhole = parts.walk.count == 8 && parts.walk.allSatisfy { parts.isIntact($0) }
            #expect(!isWhole, "byte \(position)")
        }
    }

    @Test("a pack cut off anywhere is refused")
    func truncation() throws {
        let sample = try PackSample()
        for length in sample.file.indices {
            let path = try sample.directory.write("cut.pack", sample.file.prefix(length))
            #expect(throws: DeltaicError.self, "\(length) bytes") { try PackReader(path: path) }
        }
    }

    @Test("a pack that lost bytes in the middle is refused", arguments: [1, 8, 40])
    func hole(length: Int) throws {
        let sample = try PackSample()
        for start in stride(from: 0, to: sample.file.count - length, by: 3) {
            let file = sample.file[..<start] + sample.file[(start + length)...]
            #expect(throws: DeltaicError.self, "at \(start)") { try sample.readAll(Array(file)) }
        }
    }

    @Test("2,000 random changes are refused or harmless, and none traps")
    func random() throws {
        let sample = try PackSample()
        let seed: UInt64 = 123
        var generator = SeededGenerator(seed: seed)
        let index = try PackSample.index(of: sample.parts)
        for trial in 0..<2000 {
            // The index with fresh checksums around it, so that its own fields are believed.
            var parts = sample.parts
            var raw = index.bytes
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                raw[Int.random(in: 0..<raw.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if trial.isMultiple(of: 5) { raw = Array(raw.prefix(Int.random(in: 0...raw.count, using: &generator))) }
            parts.index = raw
            parts.indexEncoding = 0
            parts.indexRawLength = UInt64(raw.count)
            do {
                try sample.readAll(try parts.file())
            } catch {
                #expect(error is DeltaicError, "trial \(trial), seed \(seed): \(error)")
            }
        }
    }

    @Test("a folder, a link and a missing file are refused")
    func notFiles() throws {
        let sample = try PackSample()
        let link = sample.directory.path("link.pack")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: sample.path)
        for path in [sample.directory.path, link, sample.directory.path("none")] {
            #expect(throws: DeltaicError.self, "\(path)") { try PackReader(path: path) }
        }
    }
}
